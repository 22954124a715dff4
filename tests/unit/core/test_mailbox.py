import threading

from latent_studio.core.mailbox import Mailbox


def test_the_newest_item_wins():
    box = Mailbox()
    for item in range(5):
        box.put(item)
    assert box.take() == 4
    assert box.take() is None


def test_only_the_first_item_asks_to_wake_the_taker():
    box = Mailbox()
    assert box.put(1) is True
    assert box.put(2) is False
    box.take()
    assert box.put(3) is True


def test_a_closed_box_drops_what_waits_and_takes_nothing():
    box = Mailbox()
    box.put(1)
    box.close()
    assert box.put(2) is False
    assert box.take() is None
    assert box.is_closed


def test_the_last_item_of_many_threads_is_never_lost():
    box = Mailbox()
    taken = []
    done = threading.Event()

    def take():
        while not (done.is_set() and not box.is_waiting):
            item = box.take()
            if item is not None:
                taken.append(item)

    taker = threading.Thread(target=take)
    taker.start()
    for item in range(1, 5001):
        box.put(item)
    done.set()
    taker.join(timeout=30)
    assert taken[-1] == 5000
    assert taken == sorted(taken)
