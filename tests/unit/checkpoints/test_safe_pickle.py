import math
import pickle
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_studio.checkpoints.foreign import PLAIN_NAMES, Foreign, ForeignObject, vocabulary
from latent_studio.checkpoints.safe_pickle import Limits, Machine
from latent_studio.checkpoints.source import ByteRange, Source
from latent_studio.core.errors import CorruptFileError, UnsafeCheckpointError

PLAIN = vocabulary(PLAIN_NAMES)

keys = st.text(max_size=5) | st.integers(-(2**59), 2**59) | st.booleans() | st.none()
leaves = keys | st.floats(allow_nan=False) | st.integers(-(2**70), 2**70) | st.text(max_size=300)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner, inner)
        | st.lists(inner, max_size=5).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
        | st.sets(keys, max_size=4)
    ),
    max_leaves=12,
)


@pytest.fixture
def load(tmp_path):
    """Run the machine over some bytes."""

    def run(data, *, names=PLAIN, **options):
        path = tmp_path / "file.pkl"
        path.write_bytes(data)
        with Source(path) as source:
            return Machine(ByteRange(source, 0, source.size), names=names, **options).load()

    return run


@given(value=values, protocol=st.integers(0, 5))
def test_plain_values_are_read_as_pickle_reads_them(value, protocol, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "plain.pkl"
    path.write_bytes(pickle.dumps(value, protocol))
    with Source(path) as source:
        found = Machine(ByteRange(source, 0, source.size), names=PLAIN).load()
    assert found == value
    assert type(found) is type(value)


def test_bytes_stay_in_the_file_and_only_their_place_is_kept(tmp_path):
    payload = bytes(range(256)) * 100
    path = tmp_path / "file.pkl"
    path.write_bytes(pickle.dumps(("before", payload, "after"), 4))
    with Source(path) as source:
        before, place, after = Machine(ByteRange(source, 0, source.size), names={}).load()
        assert (before, after) == ("before", "after")
        assert place.length == len(payload)
        assert place.read(at_most=len(payload)) == payload
        with pytest.raises(CorruptFileError):
            place.read(at_most=len(payload) - 1)


def test_values_across_the_edge_of_the_reading_window_are_whole(load):
    value = [f"{number:0{number % 90}d}" for number in range(4000)]
    assert load(pickle.dumps(value, 2)) == value
    assert load(pickle.dumps(value, 0)) == value


def test_the_same_object_twice_stays_one_object(load):
    inner = [1]
    found = load(pickle.dumps([inner, inner], 2))
    assert found[0] is found[1]


def test_a_list_in_itself_loads_as_a_reference(load):
    value = []
    value.append(value)
    found = load(pickle.dumps(value, 2))
    assert found[0] is found


def test_the_position_after_loading_is_behind_the_pickle(tmp_path):
    first, second = pickle.dumps(1, 2), pickle.dumps("two", 4)
    path = tmp_path / "file.pkl"
    path.write_bytes(first + second)
    with Source(path) as source:
        machine = Machine(ByteRange(source, 0, source.size), names={})
        assert machine.load() == 1
        assert machine.position == len(first)
        rest = ByteRange(source, machine.position, source.size - machine.position)
        assert Machine(rest, names={}).load() == "two"


def test_an_ordered_dict_is_a_dict_without_its_attributes(load):
    code = b"\x80\x02ccollections\nOrderedDict\n)R(X\x01\x00\x00\x00aK\x01u}X\x04\x00\x00\x00junkK\x02sb."
    assert load(code) == {"a": 1}


def test_a_foreign_name_is_answered_by_its_reader_and_never_imported(load):
    seen = []

    def answer(args):
        seen.append(args)
        return ForeignObject("nowhere.Thing")

    names = vocabulary([Foreign("nowhere.Thing", created=answer)])
    found = load(b"\x80\x02cnowhere\nThing\nK\x07\x85\x81}X\x01\x00\x00\x00aK\x01sb.", names=names)
    assert seen == [(7,)]
    assert found.class_name == "nowhere.Thing"
    assert found.state == {"a": 1}


def test_a_persistent_reference_goes_to_whoever_may_answer_it(load):
    assert load(b"\x80\x02K\x05Q.", persistent=lambda reference: reference * 2) == 10


REFUSED = {
    "global": (b"\x80\x02cos\nsystem\n.", "os.system"),
    "stack global": (b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "os.system"),
    "inst": (b"(ios\nsystem\n.", "os.system"),
    "obj": (b"(ccollections\nOrderedDict\no.", "collections.OrderedDict"),
    "newobj_ex": (b"\x80\x04ccollections\nOrderedDict\n)}\x92.", "collections.OrderedDict"),
    "dotted name": (b"\x80\x02ccollections\nabc.sys.exit\n.", "collections.abc.sys.exit"),
    "dot in the wrong place": (b"\x80\x04\x8c\x08builtins\x8c\x07set.pop\x93.", "builtins.set.pop"),
    "extension 1": (b"\x80\x02\x82\x07.", "extension 7"),
    "extension 2": (b"\x80\x02\x83\x07\x01.", "extension 263"),
    "extension 4": (b"\x80\x02\x84\x07\x00\x00\x01.", "extension 16777223"),
    "persistent id": (b"\x80\x02K\x01Q.", "outside of itself"),
    "persistent line": (b"Px\n.", "outside of itself"),
    "buffer": (b"\x80\x05\x97.", "outside of itself"),
    "build on a dict": (b"\x80\x02}}b.", "insides of a dict"),
    "build on a name": (b"\x80\x02cbuiltins\nset\n}b.", "insides of a Foreign"),
    "uncallable name": (b"\x80\x02cbuiltins\nset\n)\x81.", "builtins.set"),
    "name from numbers": (b"\x80\x04K\x01K\x02\x93.", "no text"),
    "endless name": (b"\x80\x04X\x00\x10\x00\x00" + b"a" * 4096 + b"\x8c\x01b\x93.", "aaa.b"),
}


@pytest.mark.parametrize(("data", "named"), REFUSED.values(), ids=REFUSED)
def test_anything_but_data_is_refused_by_name(load, data, named):
    with pytest.raises(UnsafeCheckpointError) as caught:
        load(data)
    assert "file.pkl" in caught.value.title
    assert named in caught.value.title
    assert caught.value.hint


def test_control_characters_in_a_name_do_not_reach_the_terminal(load):
    with pytest.raises(UnsafeCheckpointError) as caught:
        load(b"\x80\x02cos\x1b[2J\nsystem\n.")
    assert caught.value.title.isprintable()


DAMAGED = {
    "empty": b"",
    "no stop": b"\x80\x02K\x01",
    "nothing on the stack": b"\x80\x02.",
    "unknown instruction": b"\x80\x02\xff.",
    "future protocol": b"\x80\x09K\x01.",
    "memo never stored": b"\x80\x02h\x07.",
    "memo index of a line": b"(g99\n.",
    "huge memo index": b"\x80\x02K\x01p99999999999999999999\n.",
    "no bracket to close": b"\x80\x02K\x01t.",
    "tuple too short": b"\x80\x02K\x01\x86.",
    "key without value": b"\x80\x02}(K\x01u.",
    "items into a list": b"\x80\x02]K\x01K\x02s.",
    "append to a dict": b"\x80\x02}K\x01a.",
    "add to a list": b"\x80\x04](K\x01\x90.",
    "container as key": b"\x80\x02})K\x01s.",
    "float as key": b"\x80\x02}G\x00\x00\x00\x00\x00\x00\x00\x00K\x01s.",
    "long integer as key": b"\x80\x02}\x8a\x09" + b"\x01" * 9 + b"K\x01s.",
    "call of a number": b"\x80\x02K\x01)R.",
    "instance of a number": b"\x80\x02K\x01)\x81.",
    "arguments are no tuple": b"\x80\x02ccollections\nOrderedDict\n]R.",
    "half a surrogate": b"\x80\x02X\x03\x00\x00\x00\xed\xa0\x80.",
    "no quotes": b"Sabc\n.",
    "no number": b"Iabc\n.",
    "line without end": b"I12345",
    "set of lists": b"\x80\x04\x8f(]\x90.",
    "dict of no pairs": b"\x80\x02ccollections\nOrderedDict\n](K\x01K\x02e\x85R.",
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_nonsense_is_called_damaged(load, data):
    with pytest.raises(CorruptFileError, match=r"file\.pkl"):
        load(data)


LENGTH_LIES = {
    "text 4": b"\x80\x02X\xff\xff\xff\x7fabc.",
    "text 8": b"\x80\x04\x8d" + struct.pack("<Q", 2**60) + b"abc.",
    "bytes 4": b"\x80\x03B\xff\xff\xff\x7fabc.",
    "bytes 8": b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"abc.",
    "bytearray": b"\x80\x05\x96" + struct.pack("<Q", 2**62) + b"abc.",
    "string 4": b"\x80\x01T\xff\xff\xff\xffabc.",
    "integer": b"\x80\x02\x8b\xff\xff\xff\x7fabc.",
    "frame": b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"K\x01.",
}


@pytest.mark.parametrize("data", LENGTH_LIES.values(), ids=LENGTH_LIES)
def test_a_length_beyond_the_end_is_noticed_before_memory_is_taken(load, data):
    with pytest.raises(CorruptFileError):
        load(data)


SMALL = Limits(opcodes=50, containers=10, marks=5, text_bytes=20, total_text_bytes=30, integer_bytes=8)
OVER = {
    "steps": (b"\x80\x02" + b"N0" * 40 + b"N.", "more than 50 steps"),
    "containers": (b"\x80\x02(" + b"]" * 20 + b"t.", "more than 10 lists"),
    "brackets": (b"\x80\x02" + b"(" * 10 + b"0" * 9 + b"t.", "more than 5 deep"),
    "one text": (b"\x80\x02X\x19\x00\x00\x00" + b"a" * 25 + b".", "text of 25 bytes"),
    "all texts": (b"\x80\x02" + (b"X\x0b\x00\x00\x00" + b"a" * 11) * 3 + b".", "more than 30 bytes of text"),
    "integer": (b"\x80\x02\x8a\x10" + b"\x01" * 16 + b".", "integer of 16 bytes"),
    "copied items": (
        b"\x80\x02ccollections\nOrderedDict\nq\x00](NNNNNNNNNNNNe\x85q\x010h\x00h\x01R.",
        "more than 10 lists",
    ),
}


@pytest.mark.parametrize(("data", "words"), OVER.values(), ids=OVER)
def test_every_limit_holds(load, data, words):
    with pytest.raises(CorruptFileError, match=words):
        load(data, limits=SMALL)


def test_a_known_name_cut_at_another_dot_is_refused(load):
    names = vocabulary([Foreign("a.b.c")])
    assert load(b"\x80\x04\x8c\x03a.b\x8c\x01c\x93.", names=names).name == "a.b.c"
    with pytest.raises(UnsafeCheckpointError, match=r"a\.b\.c"):
        load(b"\x80\x04\x8c\x01a\x8c\x03b.c\x93.", names=names)


def test_a_reference_bomb_loads_in_no_time_because_nothing_is_unfolded(load):
    value = "lol"
    for _ in range(60):
        value = [value, value]
    assert len(load(pickle.dumps(value, 2))) == 2


def test_deep_nesting_neither_overflows_the_stack_nor_takes_long(load):
    found = load(b"\x80\x02)" + b"\x85" * 100_000 + b".")
    assert len(found) == 1


def test_special_floats_are_kept(load):
    assert load(pickle.dumps(math.inf, 2)) == math.inf
    assert math.isnan(load(pickle.dumps(math.nan, 0)))


def test_python_2_strings_are_text(load):
    assert load(b"S'a\\tb'\n.") == "a\tb"
    assert load(b"\x80\x01U\x02ab.") == "ab"
