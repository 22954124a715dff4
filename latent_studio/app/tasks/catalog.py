"""The verbs by name, imported on first use."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.options import OptionsClass


class Result(Protocol):
    """What every task gives back."""

    @property
    def lines(self) -> tuple[str, ...]:
        """What a command line prints: paths of the files written, or the answer itself."""


@runtime_checkable
class Verdict(Protocol):
    """A result that may be bad news, though the task itself went well."""

    @property
    def is_good(self) -> bool:
        """Whether it is not."""


class Task(Protocol):
    """A verb's function."""

    def __call__(
        self, studio: Studio, options: OptionsClass, progress: ProgressSink, cancel: CancelToken, /
    ) -> Result:
        """Do it.

        Raises:
            LatentStudioError: it cannot be done.
            Cancelled: a stop was asked for; nothing half-written is left.
        """
        ...


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing the program does.

    Attributes:
        name: as typed, one or two words: ``"generate"``, ``"model info"``.
        help: one sentence.
        options: dotted name of the options, ``package.module:Class``.
        run: dotted name of the task, ``package.module:function``.
    """

    name: str
    help: str
    options: str
    run: str

    def load_options(self) -> type[OptionsClass]:
        """The options' class; imports neither torch nor Qt."""
        return cast("type[OptionsClass]", _import(self.options))

    def load_task(self) -> Task:
        """The function that does it."""
        return cast("Task", _import(self.run))


_TASKS = "latent_studio.app.tasks"

#: In the order help texts list them.
VERBS: tuple[Verb, ...] = (
    Verb(
        "generate",
        "Render pictures of seeds.",
        f"{_TASKS}.generate:GenerateOptions",
        f"{_TASKS}.generate:run_generate",
    ),
    Verb(
        "traverse",
        "Sweep a picture along directions and back, as a film: MP4, GIF, WebP and more.",
        f"{_TASKS}.traverse:TraverseOptions",
        f"{_TASKS}.traverse:run_traverse",
    ),
    Verb(
        "interpolate",
        "Go from seed to seed, or between latents or classes, as a film, stills or a sheet.",
        f"{_TASKS}.interpolate:InterpolateOptions",
        f"{_TASKS}.interpolate:run_interpolate",
    ),
    Verb(
        "render",
        "Render what a session, a timeline file or an exported film or picture holds.",
        f"{_TASKS}.render:RenderOptions",
        f"{_TASKS}.render:run_render",
    ),
    Verb(
        "sefa",
        "Find a model's own directions by SeFa and write them to a file.",
        f"{_TASKS}.sefa:SefaOptions",
        f"{_TASKS}.sefa:run_sefa",
    ),
    Verb(
        "align",
        "Cut faces out of photos as FFHQ cuts them, or squares, and keep the way back.",
        f"{_TASKS}.align:AlignOptions",
        f"{_TASKS}.align:run_align",
    ),
    Verb(
        "project",
        "Find the latents of photos; many files, resumed where it was stopped.",
        f"{_TASKS}.project:ProjectOptions",
        f"{_TASKS}.project:run_project",
    ),
    Verb(
        "paste",
        "Put an edited crop back into its photo, at full size.",
        f"{_TASKS}.paste:PasteOptions",
        f"{_TASKS}.paste:run_paste",
    ),
    Verb(
        "encoder train",
        "Train a network on a model's own samples that sees the latent of a picture.",
        f"{_TASKS}.encoder_train:EncoderTrainOptions",
        f"{_TASKS}.encoder_train:run_encoder_train",
    ),
    Verb(
        "edit",
        "Move seeds or latents along directions, as a sheet, a film or single pictures.",
        f"{_TASKS}.edit:EditOptions",
        f"{_TASKS}.edit:run_edit",
    ),
    Verb(
        "pca",
        "Find the directions a model's latents vary along most.",
        f"{_TASKS}.pca:PcaOptions",
        f"{_TASKS}.pca:run_pca",
    ),
    Verb(
        "boundary train",
        "Learn directions from scored or sorted latents, and say how far they can be trusted.",
        f"{_TASKS}.boundary_train:BoundaryTrainOptions",
        f"{_TASKS}.boundary_train:run_boundary_train",
    ),
    Verb(
        "boundary condition",
        "Take from a direction what others change.",
        f"{_TASKS}.boundary_condition:BoundaryConditionOptions",
        f"{_TASKS}.boundary_condition:run_boundary_condition",
    ),
    Verb(
        "boundary apply",
        "Move latents along a direction and write them.",
        f"{_TASKS}.boundary_apply:BoundaryApplyOptions",
        f"{_TASKS}.boundary_apply:run_boundary_apply",
    ),
    Verb(
        "direction list",
        "List the directions there are for a model.",
        f"{_TASKS}.direction_list:DirectionListOptions",
        f"{_TASKS}.direction_list:run_direction_list",
    ),
    Verb(
        "direction show",
        "Say what is known of a direction, or how a file of directions is read.",
        f"{_TASKS}.direction_show:DirectionShowOptions",
        f"{_TASKS}.direction_show:run_direction_show",
    ),
    Verb(
        "direction convert",
        "Read directions of any program's file, for a file or a model's library.",
        f"{_TASKS}.direction_convert:DirectionConvertOptions",
        f"{_TASKS}.direction_convert:run_direction_convert",
    ),
    Verb(
        "direction keep",
        "Keep a direction in a model's library, with a name, a star, ends or rows of your own.",
        f"{_TASKS}.direction_keep:DirectionKeepOptions",
        f"{_TASKS}.direction_keep:run_direction_keep",
    ),
    Verb(
        "direction combine",
        "Make one direction of the edits of a picture.",
        f"{_TASKS}.direction_combine:DirectionCombineOptions",
        f"{_TASKS}.direction_combine:run_direction_combine",
    ),
    Verb(
        "direction remove",
        "Take a direction that was kept out of a model's library.",
        f"{_TASKS}.direction_remove:DirectionRemoveOptions",
        f"{_TASKS}.direction_remove:run_direction_remove",
    ),
    Verb(
        "direction find",
        "Find directions of a model by a plugin.",
        f"{_TASKS}.direction_find:DirectionFindOptions",
        f"{_TASKS}.direction_find:run_direction_find",
    ),
    Verb(
        "direction rank",
        "Say what each direction changes, how much, and which do the same.",
        f"{_TASKS}.direction_rank:DirectionRankOptions",
        f"{_TASKS}.direction_rank:run_direction_rank",
    ),
    Verb(
        "direction sheet",
        "Draw the directions of a model at a glance, a row of pictures for each.",
        f"{_TASKS}.direction_sheet:DirectionSheetOptions",
        f"{_TASKS}.direction_sheet:run_direction_sheet",
    ),
    Verb(
        "encoder apply",
        "See the latents of photos with a model's encoder, at once.",
        f"{_TASKS}.encoder_apply:EncoderApplyOptions",
        f"{_TASKS}.encoder_apply:run_encoder_apply",
    ),
    Verb(
        "latent show",
        "Say what a latent file holds, of ours or of other programs, and how it was read.",
        f"{_TASKS}.latent_show:LatentShowOptions",
        f"{_TASKS}.latent_show:run_latent_show",
    ),
    Verb(
        "latent convert",
        "Write latents as another program reads them.",
        f"{_TASKS}.latent_convert:LatentConvertOptions",
        f"{_TASKS}.latent_convert:run_latent_convert",
    ),
    Verb(
        "model info",
        "Say what a model file holds, without running anything in it.",
        f"{_TASKS}.model_info:ModelInfoOptions",
        f"{_TASKS}.model_info:run_model_info",
    ),
    Verb(
        "convert",
        "Save a model of any format as safetensors, or all models of a folder.",
        f"{_TASKS}.convert:ConvertOptions",
        f"{_TASKS}.convert:run_convert",
    ),
    Verb(
        "model list",
        "List the models that open by name, and those that can be fetched.",
        f"{_TASKS}.model_list:ModelListOptions",
        f"{_TASKS}.model_list:run_model_list",
    ),
    Verb(
        "model get",
        "Fetch a published model into the library, check it and keep it as safetensors.",
        f"{_TASKS}.model_get:ModelGetOptions",
        f"{_TASKS}.model_get:run_model_get",
    ),
    Verb(
        "warp train",
        "Learn warp paths of a model, curved directions that need no labels.",
        f"{_TASKS}.warp_train:WarpTrainOptions",
        f"{_TASKS}.warp_train:run_warp_train",
    ),
    Verb(
        "warp resume",
        "Go on with a training of warp paths.",
        f"{_TASKS}.warp_resume:WarpResumeOptions",
        f"{_TASKS}.warp_resume:run_warp_resume",
    ),
    Verb(
        "warp info",
        "Say how a training of warp paths stands.",
        f"{_TASKS}.warp_info:WarpInfoOptions",
        f"{_TASKS}.warp_info:run_warp_info",
    ),
    Verb(
        "model add",
        "Keep a model file in the library, as safetensors, under a name.",
        f"{_TASKS}.model_add:ModelAddOptions",
        f"{_TASKS}.model_add:run_model_add",
    ),
    Verb(
        "model remove",
        "Delete a model of the library.",
        f"{_TASKS}.model_remove:ModelRemoveOptions",
        f"{_TASKS}.model_remove:run_model_remove",
    ),
    Verb(
        "warp rank",
        "Walk the paths of a training from held-out pictures, measure attributes and rank, all in one.",
        f"{_TASKS}.warp_rank:WarpRankOptions",
        f"{_TASKS}.warp_rank:run_warp_rank",
    ),
    Verb(
        "pool create",
        "Make a folder of latents and their pictures, to start traversals and rankings from.",
        f"{_TASKS}.pool_create:PoolCreateOptions",
        f"{_TASKS}.pool_create:run_pool_create",
    ),
    Verb(
        "pool traverse",
        "Walk every latent of a pool along every path or direction of a set.",
        f"{_TASKS}.pool_traverse:PoolTraverseOptions",
        f"{_TASKS}.pool_traverse:run_pool_traverse",
    ),
    Verb(
        "model blend",
        "Make one model of two: some rows' layers of the second, the rest of the first.",
        f"{_TASKS}.model_blend:ModelBlendOptions",
        f"{_TASKS}.model_blend:run_model_blend",
    ),
    Verb(
        "session show",
        "Say what a session file holds: model, picture, and the tree of steps.",
        f"{_TASKS}.session_show:SessionShowOptions",
        f"{_TASKS}.session_show:run_session_show",
    ),
    Verb(
        "session render",
        "Render a step of a session file, or all starred ones.",
        f"{_TASKS}.session_render:SessionRenderOptions",
        f"{_TASKS}.session_render:run_session_render",
    ),
    Verb(
        "session extract",
        "Write the parts of a session file as files that other programs read.",
        f"{_TASKS}.session_extract:SessionExtractOptions",
        f"{_TASKS}.session_extract:run_session_extract",
    ),
    Verb(
        "attributes",
        "Read attributes, such as brightness or the turn of a head, off every picture of a traversal.",
        f"{_TASKS}.attributes:AttributesOptions",
        f"{_TASKS}.attributes:run_attributes",
    ),
    Verb(
        "predictor list",
        "List who can read attributes off pictures, and what each needs for it.",
        f"{_TASKS}.predictor_list:PredictorListOptions",
        f"{_TASKS}.predictor_list:run_predictor_list",
    ),
    Verb(
        "predictor get",
        "Fetch the published weights of an attribute predictor for faces.",
        f"{_TASKS}.predictor_get:PredictorGetOptions",
        f"{_TASKS}.predictor_get:run_predictor_get",
    ),
    Verb(
        "rank",
        "Rank the walked paths by what they change: CSV, JSON, Markdown and a page with pictures.",
        f"{_TASKS}.rank:RankOptions",
        f"{_TASKS}.rank:run_rank",
    ),
    Verb(
        "recipe render",
        "Render the picture again that a recipe tells, from an exported file.",
        f"{_TASKS}.recipe_render:RecipeRenderOptions",
        f"{_TASKS}.recipe_render:run_recipe_render",
    ),
    Verb(
        "recipe extract",
        "Write how a picture or film was made into a file of its own, such as a film's timeline.",
        f"{_TASKS}.recipe_extract:RecipeExtractOptions",
        f"{_TASKS}.recipe_extract:run_recipe_extract",
    ),
    Verb(
        "settings list",
        "List all settings with their values, defaults and who decides.",
        f"{_TASKS}.settings_list:SettingsListOptions",
        f"{_TASKS}.settings_list:run_settings_list",
    ),
    Verb(
        "settings get",
        "Say the value of a setting.",
        f"{_TASKS}.settings_get:SettingsGetOptions",
        f"{_TASKS}.settings_get:run_settings_get",
    ),
    Verb(
        "settings set",
        "Change a setting.",
        f"{_TASKS}.settings_set:SettingsSetOptions",
        f"{_TASKS}.settings_set:run_settings_set",
    ),
    Verb(
        "settings reset",
        "Give settings their defaults again.",
        f"{_TASKS}.settings_reset:SettingsResetOptions",
        f"{_TASKS}.settings_reset:run_settings_reset",
    ),
    Verb(
        "plugin list",
        "List the plugins there are, what they add and how they stand.",
        f"{_TASKS}.plugin_list:PluginListOptions",
        f"{_TASKS}.plugin_list:run_plugin_list",
    ),
    Verb(
        "plugin enable",
        "Let a plugin's code run from now on, as it is now.",
        f"{_TASKS}.plugin_enable:PluginEnableOptions",
        f"{_TASKS}.plugin_enable:run_plugin_enable",
    ),
    Verb(
        "plugin disable",
        "Run nothing of a plugin any more.",
        f"{_TASKS}.plugin_disable:PluginDisableOptions",
        f"{_TASKS}.plugin_disable:run_plugin_disable",
    ),
    Verb(
        "plugin new",
        "Begin a plugin of your own: a folder that works and passes its tests.",
        f"{_TASKS}.plugin_new:PluginNewOptions",
        f"{_TASKS}.plugin_new:run_plugin_new",
    ),
    Verb(
        "doctor",
        "Check this machine and this installation; the text is made for a report.",
        f"{_TASKS}.doctor:DoctorOptions",
        f"{_TASKS}.doctor:run_doctor",
    ),
    Verb(
        "demo",
        "Render a portrait, a sheet and a film of the bundled model.",
        f"{_TASKS}.demo:DemoOptions",
        f"{_TASKS}.demo:run_demo",
    ),
)


def _import(dotted: str) -> object:
    module, _, attribute = dotted.partition(":")
    return getattr(import_module(module), attribute)
