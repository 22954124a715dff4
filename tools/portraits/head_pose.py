"""The head as an ellipsoid that turns: where its surface points land on the picture."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tools.portraits.canvas import mix

#: Full turn of the yaw and pitch factors, in radians (17 and 8 degrees): a portrait, not a mugshot series.
MAX_YAW = 0.30
MAX_PITCH = 0.14
#: The middle of the head on the picture; +y is down.
CENTRE_Y = -0.045
_DEPTH = 0.46


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Size and attitude of the heads of a batch; every field is ``(N, 1, 1, 1)``.

    Attributes:
        rx: half width of the unturned head.
        ry: half height of the unturned head.
        sin_yaw: of the turn to the right.
        cos_yaw: of the same.
        sin_pitch: of the nod down.
        cos_pitch: of the same.
    """

    rx: Tensor
    ry: Tensor
    sin_yaw: Tensor
    cos_yaw: Tensor
    sin_pitch: Tensor
    cos_pitch: Tensor

    def place(
        self, x: float | Tensor, y: float | Tensor, *, lift: float = 0.0
    ) -> tuple[Tensor, Tensor, Tensor]:
        """A point of the head's front on the picture.

        Args:
            x: -1 (left end of the head) to 1, in units of its half width.
            y: -1 (top) to 1 (chin), in units of its half height.
            lift: how far above the surface, as a share of the radius.

        Returns:
            Picture coordinates x and y, and how squarely the point faces the viewer in (0, 1].
        """
        flat_x = torch.as_tensor(x, dtype=self.rx.dtype)
        flat_y = torch.as_tensor(y, dtype=self.rx.dtype)
        z = (1.0 - flat_x * flat_x - flat_y * flat_y).clamp_min(0.02).sqrt() * (1.0 + lift)
        x3, y3, z3 = flat_x * self.rx * (1.0 + lift), flat_y * self.ry * (1.0 + lift), z * _DEPTH
        turned_x = x3 * self.cos_yaw + z3 * self.sin_yaw
        turned_z = z3 * self.cos_yaw - x3 * self.sin_yaw
        nodded_y = y3 * self.cos_pitch + turned_z * self.sin_pitch
        facing = turned_z * self.cos_pitch - y3 * self.sin_pitch
        return turned_x, nodded_y + CENTRE_Y, mix(0.6, 1.0, (facing / _DEPTH)).clamp(0.3, 1.0)

    @property
    def outline(self) -> tuple[Tensor, Tensor]:
        """Half width and half height of the turned ellipsoid's silhouette."""
        rx = ((self.rx * self.cos_yaw).square() + (_DEPTH * self.sin_yaw).square()).sqrt()
        ry = ((self.ry * self.cos_pitch).square() + (_DEPTH * self.sin_pitch).square()).sqrt()
        return rx, ry


def head_pose(yaw: Tensor, pitch: Tensor, face_width: Tensor, jaw: Tensor) -> HeadPose:
    """The pose of each picture from its factors, each ``(N, 1, 1, 1)`` in [-1, 1]."""
    return HeadPose(
        rx=0.445 + 0.035 * face_width,
        ry=0.565 + 0.018 * jaw,
        sin_yaw=torch.sin(MAX_YAW * yaw),
        cos_yaw=torch.cos(MAX_YAW * yaw),
        sin_pitch=torch.sin(MAX_PITCH * pitch),
        cos_pitch=torch.cos(MAX_PITCH * pitch),
    )
