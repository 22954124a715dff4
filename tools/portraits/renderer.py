"""The procedural portrait: factors in, picture out.

Everything is a signed distance in picture coordinates (-1..1, y down) turned into coverage, painted back to
front. The same factors always give the same picture, at any resolution, for a whole batch at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tools.portraits import palettes
from tools.portraits.canvas import Canvas, arc, blank, ellipse, mix, ramp, rounded_box, segment
from tools.portraits.factors import COUNT, INDEX
from tools.portraits.head_pose import CENTRE_Y, HeadPose, head_pose


@dataclass(frozen=True, slots=True)
class Rendering:
    """Pictures and where their small features are.

    Attributes:
        pictures: ``(N, 3, R, R)`` float in [-1, 1], RGB.
        detail: ``(N, 1, R, R)`` float in [0, 1]; 1 on eyes, rims and the like, 0 on plain areas.
    """

    pictures: Tensor
    detail: Tensor


@dataclass(frozen=True, slots=True)
class _Subject:
    """What several parts of the picture need to know about the person; tensors are ``(N, C, 1, 1)``."""

    factors: Tensor
    pose: HeadPose
    skin: Tensor
    shadow: Tensor
    hair: Tensor
    lips: Tensor

    def __call__(self, name: str) -> Tensor:
        """The factor called ``name``, in [-1, 1]."""
        column = INDEX[name]
        return self.factors[:, column : column + 1, None, None]

    def unit(self, name: str) -> Tensor:
        """The factor called ``name``, moved to [0, 1]."""
        return self(name) * 0.5 + 0.5


_WHITE = torch.ones(1, 3, 1, 1)
_INK = torch.tensor([0.11, 0.08, 0.10]).view(1, 3, 1, 1)


def render(factors: Tensor, resolution: int = 256) -> Rendering:
    """Draw one portrait for every row of factors.

    Args:
        factors: ``(N, COUNT)`` float32 in [-1, 1], in the order of :data:`tools.portraits.factors.FACTORS`.
        resolution: side of the square pictures in pixels.
    """
    if factors.ndim != 2 or factors.shape[1] != COUNT:
        raise ValueError(f"factors must be (N, {COUNT}), not {tuple(factors.shape)}")
    canvas = blank(factors.shape[0], resolution)
    subject = _subject(factors)
    _background(canvas, subject)
    _back_hair(canvas, subject)
    _neck_and_clothes(canvas, subject)
    _ears(canvas, subject)
    _face(canvas, subject)
    _age_lines(canvas, subject)
    _beard(canvas, subject)
    _mouth(canvas, subject)
    _nose(canvas, subject)
    for side in (-1.0, 1.0):
        _eye(canvas, subject, side)
        _brow(canvas, subject, side)
    _temples(canvas, subject)
    _front_hair(canvas, subject)
    _earrings(canvas, subject)
    _glasses(canvas, subject)
    return Rendering(canvas.image.clamp_(0.0, 1.0).mul_(2.0).sub_(1.0), canvas.detail)


def _subject(factors: Tensor) -> _Subject:
    def factor(name: str) -> Tensor:
        column = INDEX[name]
        return factors[:, column : column + 1, None, None]

    skin = palettes.aged(palettes.skin(factor("skin_tone"), factor("skin_warmth")), factor("age"))
    return _Subject(
        factors=factors,
        pose=head_pose(factor("yaw"), factor("pitch"), factor("face_width"), factor("jaw")),
        skin=skin,
        shadow=palettes.skin_shadow(skin),
        hair=palettes.hair(factor("hair_lightness"), factor("hair_warmth"), factor("hair_grey")),
        lips=palettes.lips(skin, factor("lip_color")),
    )


def _background(canvas: Canvas, subject: _Subject) -> None:
    """A darker wall with a bright disc behind the head, lit from one side."""
    disc_color = palettes.background(subject("background_hue"), subject("background_light"))
    wall = disc_color * 0.66
    light = subject("light_side")
    glow = 1.0 + 0.10 * light * canvas.x - 0.10 * canvas.y
    canvas.image.copy_((wall * glow).expand_as(canvas.image))
    disc = canvas.coverage(ellipse(canvas.x, canvas.y + 0.02, 0.90, 0.90))
    lit = (disc_color * (1.03 + 0.13 * light * canvas.x - 0.10 * canvas.y)).clamp(0.0, 1.0)
    canvas.paint(disc.expand(canvas.image.shape[0], -1, -1, -1), lit)


@dataclass(frozen=True, slots=True)
class _HairShape:
    outer: Tensor
    bottom: Tensor
    rx: Tensor
    centre_x: Tensor


def _hair_shape(canvas: Canvas, subject: _Subject) -> _HairShape:
    """The outline of the whole hair: a cap around the skull that continues downwards when hair is long."""
    pose = subject.pose
    rx, ry = pose.outline
    length, volume, wave = subject.unit("hair_length"), subject.unit("hair_volume"), subject.unit("hair_wave")
    body = ramp(length, 0.06, 0.30)
    extra = mix(-0.012, 0.028 + 0.10 * volume, body)
    centre_x = -0.07 * pose.sin_yaw
    dx = canvas.x - centre_x
    cap_rx, cap_ry = rx + extra, ry + extra * 1.15
    cap = ellipse(dx, canvas.y - CENTRE_Y, cap_rx, cap_ry)
    bottom = mix(-0.12, 0.93, ramp(length, 0.22, 1.05))
    flare = cap_rx * (1.0 + 0.10 * ramp(length, 0.45, 1.0) * ((canvas.y - CENTRE_Y) / 0.9).clamp(0.0, 1.0))
    # Locks end in a soft round: shorter towards the outside.
    rounded = bottom - 0.22 * (dx.abs() / cap_rx - 0.72).clamp_min(0.0).square() / 0.08
    curtain = torch.maximum(dx.abs() - flare, torch.maximum(CENTRE_Y - canvas.y, canvas.y - rounded))
    outer = torch.minimum(cap, curtain)
    angle = torch.atan2(dx, 0.25 + CENTRE_Y - canvas.y + 0.35)
    curls = torch.cos(angle * 17.0) * ramp(canvas.y, 0.55, 0.1) + torch.cos(canvas.y * 26.0) * ramp(
        canvas.y, 0.0, 0.3
    )
    outer = outer - 0.027 * ramp(wave, 0.25, 1.0) * body * curls
    return _HairShape(outer, rounded, cap_rx, centre_x)


def _back_hair(canvas: Canvas, subject: _Subject) -> None:
    shape = _hair_shape(canvas, subject)
    long = torch.maximum(shape.outer, canvas.y - shape.bottom)
    present = ramp(subject.unit("hair_length"), 0.05, 0.09)
    depth = 0.62 - 0.10 * ramp(canvas.y, 0.1, 0.8)
    canvas.paint(canvas.coverage(long) * present, subject.hair * depth)
    # Outlines are what a generator gets right last: a hair's breadth off costs it little.
    canvas.note(canvas.coverage(long.abs() - 0.025, 3.0) * present * 0.5)


def _neck_and_clothes(canvas: Canvas, subject: _Subject) -> None:
    pose = subject.pose
    light = subject("light_side")
    area = canvas.window(-1.0, 1.0, 0.2, 1.0)
    x, y = area.x, area.y
    neck_x = 0.10 * pose.sin_yaw
    neck = (x - neck_x * ramp(y, 0.9, 0.4)).abs() - (0.175 + 0.05 * ramp(y, 0.62, 0.80))
    neck_cover = area.coverage(torch.maximum(neck, y - 0.95))
    area.paint(
        neck_cover, mix(subject.skin, subject.shadow, 0.35 - 0.3 * light * (x / 0.2).clamp(-1, 1) * 0.5)
    )
    # The head's shadow on the neck.
    rx, ry = pose.outline
    cast = area.coverage(ellipse(x - 0.30 * pose.sin_yaw, y - CENTRE_Y - 0.105, rx * 0.80, ry), 4.0)
    area.paint(cast * neck_cover * 0.75, subject.shadow * 0.92)

    cloth = palettes.cloth(subject("cloth_hue"), subject("cloth_light"))
    collar = subject("collar")
    body = ellipse(x, y - 1.24, 0.90, 0.53)
    # The neckline: a round one that becomes a V.
    vee = ramp(collar, -0.5, 0.3)
    round_line = ellipse(x - 0.4 * neck_x, y - 0.715, 0.235, 0.135)
    vee_line = (x - 0.4 * neck_x).abs() * 0.86 + (y - 0.97) * 0.51
    opening = mix(round_line, torch.maximum(vee_line, (x - 0.4 * neck_x).abs() - 0.235), vee)
    garment = torch.maximum(body, -opening)
    cover = area.coverage(garment)
    shade = 1.0 + 0.10 * light * x - 0.22 * (y - 0.85) - 0.16 * ramp(x.abs(), 0.45, 0.9)
    area.paint(cover, cloth * shade)
    # A hem along the neckline, sleeve seams, then the shirt's collar when there is one.
    hem = area.coverage((opening - 0.030).abs() - 0.004) * cover
    area.paint(hem * 0.55 * (1.0 - ramp(collar, 0.2, 0.5)), cloth * 0.55)
    for side in (-1.0, 1.0):
        seam = segment(x, y, (side * 0.56, 0.86), (side * 0.50, 1.02), radius=0.006)
        area.paint(area.coverage(seam) * 0.5, cloth * 0.6)
    shirt = ramp(collar, 0.25, 0.45)
    flap_color = (cloth * 0.45 + 0.55).clamp(0.0, 1.0)
    for side in (-1.0, 1.0):
        u, v = side * (x - 0.4 * neck_x), y
        # A flap between the neckline, its outer edge and its lower edge.
        flap = torch.maximum(
            torch.maximum(-(u * 0.86 + (v - 0.97) * 0.51), u * 0.80 + (v - 1.005) * 0.60),
            torch.maximum(0.655 - v - 0.15 * (u - 0.2), (v - 0.90) - 0.55 * (u - 0.10)),
        )
        flap_cover = area.coverage(flap) * shirt
        area.paint(flap_cover, flap_color * shade)
        edge = area.coverage((u * 0.80 + (v - 1.005) * 0.60).abs() - 0.004) * area.coverage(flap - 0.01)
        area.paint(edge * shirt * 0.6, cloth * 0.55)


def _ears(canvas: Canvas, subject: _Subject) -> None:
    area = canvas.window(-0.75, 0.75, -0.35, 0.35)
    for side in (-1.0, 1.0):
        ex, ey, _ = subject.pose.place(side * 0.985, 0.06)
        inward = side * subject.pose.sin_yaw
        dx, dy = area.x - ex + 0.10 * inward, area.y - ey
        width = 0.075 - 0.05 * inward
        area.paint(
            area.coverage(ellipse(dx, dy, width, 0.115)), mix(subject.skin, subject.shadow, 0.30 + 0 * dx)
        )
        inner = area.coverage(ellipse(dx - side * 0.008, dy, width * 0.55, 0.07), 2.0)
        area.paint(inner * 0.7, subject.shadow)


def _earrings(canvas: Canvas, subject: _Subject) -> None:
    """A golden ring below each lobe; long hair hides most of it, as in life."""
    area = canvas.window(-0.75, 0.75, 0.0, 0.40)
    present = ramp(subject("earrings"), 0.28, 0.42)
    gold = torch.tensor([0.98, 0.80, 0.32]).view(1, 3, 1, 1)
    for side in (-1.0, 1.0):
        ex, ey, _ = subject.pose.place(side * 0.985, 0.06)
        dx, dy = area.x - ex + 0.10 * side * subject.pose.sin_yaw - side * 0.014, area.y - ey - 0.158
        ring = area.coverage(ellipse(dx, dy, 0.046, 0.052).abs() - 0.015) * present
        area.paint(ring, gold)
        area.note(ring, 0.8)


def _face_frame(canvas: Canvas, subject: _Subject) -> tuple[Tensor, Tensor, Tensor]:
    """Distance to the face's outline, and picture coordinates in units of the head's half size."""
    pose = subject.pose
    rx, ry = pose.outline
    v = (canvas.y - CENTRE_Y) / ry
    low = ramp(v, 0.0, 1.05)
    taper = 1.0 - (0.20 + 0.13 * subject("jaw")) * low
    u = (canvas.x - 0.16 * pose.sin_yaw * low) / (rx * taper)
    power = 2.0 + (0.55 - 0.35 * subject("jaw")) * low
    radius = ((u.abs() + 1e-4).pow(power) + (v.abs() + 1e-4).pow(power)).pow(1.0 / power)
    # First-order distance: the radius over the length of its gradient on an ellipse.
    slope = ((u / (rx * taper)).square() + (v / ry).square()).sqrt().clamp_min(1e-3) / radius.clamp_min(1e-3)
    return (radius - 1.0) / slope, u, v


def _face(canvas: Canvas, subject: _Subject) -> None:
    distance, u, v = _face_frame(canvas, subject)
    cover = canvas.coverage(distance)
    light = subject("light_side")
    side = u * light
    darkness = ramp(-side + 0.35 * u * u + 0.25 * v * v, 0.05, 1.25) * 0.72
    canvas.paint(cover, mix(subject.skin, subject.shadow, darkness))
    canvas.note(canvas.coverage(distance.abs() - 0.02, 3.0) * 0.35)
    glow = torch.exp(-((u - 0.45 * light).square() + (v + 0.35).square()) / 0.35) * 0.16
    canvas.paint(cover * glow, _WHITE)
    # Rosy cheeks.
    area = canvas.window(-0.6, 0.6, -0.15, 0.45)
    strength = 0.06 + 0.56 * subject.unit("blush")
    rosy = subject.skin * torch.tensor([1.0, 0.62, 0.60]).view(1, 3, 1, 1)
    for edge in (-1.0, 1.0):
        cx, cy, facing = subject.pose.place(edge * 0.56, 0.24)
        spot = torch.exp(-(((area.x - cx) / (0.115 * facing)).square() + ((area.y - cy) / 0.080).square()))
        area.paint(spot * strength, rosy)


def _age_lines(canvas: Canvas, subject: _Subject) -> None:
    """Cheeks and sockets that hollow all life long; lines, folds and bags from middle age on."""
    pose, age, worn = subject.pose, ramp(subject("age"), -0.3, 0.9), subject.unit("age")
    line, hollow = subject.shadow * 0.72, subject.shadow * 0.94
    area = canvas.window(-0.5, 0.5, -0.5, 0.5)
    for side in (-1.0, 1.0):
        cx, cy, facing = pose.place(side * 0.60, 0.42)
        cheek = torch.exp(-(((area.x - cx) / (0.085 * facing)).square() + ((area.y - cy) / 0.17).square()))
        area.paint(cheek * worn * 0.60, hollow)
        ex, ey, facing = pose.place(side * 0.43, 0.135)
        socket = torch.exp(-(((area.x - ex) / (0.125 * facing)).square() + ((area.y - ey) / 0.055).square()))
        area.paint(socket * worn * 0.70, hollow)
    for height, half in ((-0.69, 0.18), (-0.59, 0.22), (-0.50, 0.19)):
        cx, cy, _ = pose.place(0.0, height)
        stroke = arc(area.x - cx, area.y - cy, half, rise=0.018, thickness=0.014)
        area.paint(area.coverage(stroke) * age * 0.85, line)
        area.note(area.coverage(stroke) * age * 0.8)
    for side in (-1.0, 1.0):
        x1, y1, _ = pose.place(side * 0.21, 0.28)
        x2, y2, _ = pose.place(side * (0.40 + 0.04 * subject("smile")), 0.54)
        fold = segment(area.x, area.y, (x1, y1), (x2, y2), radius=0.007, end_radius=0.013)
        area.paint(area.coverage(fold) * (0.85 * age + 0.15 * ramp(subject("smile"), 0.2, 1.0)), line)
        ex, ey, facing = pose.place(side * 0.43, 0.165)
        bag = arc(area.x - ex, area.y - ey, 0.105 * facing, rise=-0.034, thickness=0.015)
        area.paint(area.coverage(bag) * age * 0.85, line)
        area.note(torch.maximum(area.coverage(bag), area.coverage(fold)) * age * 0.8)
        # Crow's feet.
        for spread in (-0.02, 0.05):
            x1, y1, _ = pose.place(side * 0.72, 0.0 + spread * 0.6)
            x2, y2, _ = pose.place(side * 0.83, -0.02 + spread * 2.2)
            foot = segment(area.x, area.y, (x1, y1), (x2, y2), radius=0.007)
            area.paint(area.coverage(foot) * age * 0.8, line)


def _beard(canvas: Canvas, subject: _Subject) -> None:
    """Jaw and moustache; the factor first brings a shadow of stubble, then the full colour."""
    pose = subject.pose
    beard = subject("beard")
    stubble, full = ramp(beard, 0.0, 0.25) * 0.40, ramp(beard, 0.25, 0.45) * 0.60
    strength = stubble + full
    area = canvas.window(-0.6, 0.6, -0.1, 0.65)
    distance, u, v = _face_frame(area, subject)
    cover = area.coverage(distance)
    mx, my, facing = pose.place(0.0, 0.56)
    dx = area.x - mx
    # The upper edge: high at the ears, dipping to the mouth's corners.
    edge = 0.50 - 0.58 * u.abs().clamp(0.0, 1.0).pow(3.0)
    region = area.coverage((edge - v) * 0.45, 2.0)
    mouth = area.coverage(ellipse(dx, area.y - my, 0.155 * facing, 0.062), 2.0)
    grow = 1.0 + 0.05 * full
    hair = subject.hair * (0.80 - 0.12 * ramp(u.abs(), 0.3, 1.0)) * grow
    jaw = region * (1.0 - mouth) * cover
    area.paint(jaw * strength, hair)
    ux, uy, _ = pose.place(0.0, 0.43)
    moustache = arc(area.x - ux, area.y - uy - 0.028, 0.165 * facing, rise=0.050, thickness=0.036)
    area.paint(area.coverage(moustache) * strength, subject.hair * 0.84)
    area.note(area.coverage(moustache) * ramp(beard, 0.0, 0.4), 0.5)


def _mouth(canvas: Canvas, subject: _Subject) -> None:
    # A full frown looks like a caricature: the factor runs from a light pout to a broad smile.
    pose, smile = subject.pose, 0.40 + 0.60 * subject("smile")
    opened = ramp(subject("mouth_open"), -0.1, 1.0) * 0.082
    area = canvas.window(-0.42, 0.42, 0.05, 0.55)
    mx, my, facing = pose.place(0.0, 0.56)
    half = 0.162 * facing * (1.0 + 0.24 * smile)
    t = (area.x - mx) / half
    bulge = (1.0 - t * t).clamp_min(0.0)
    middle = my + 0.092 * smile * bulge - 0.052 * smile
    slope = (1.0 + (0.184 * smile * t / half).square()).sqrt()
    dip = 0.010 * torch.exp(-(t / 0.16).square())
    upper = 0.036 * bulge.pow(0.7) - dip + 0.30 * opened * bulge.sqrt()
    lower = 0.044 * bulge.sqrt() + opened * bulge.sqrt()
    ends = (t.abs() - 1.0) * half
    above, below = (middle - upper - area.y) / slope, (area.y - middle - lower) / slope
    shape = area.coverage(torch.maximum(torch.maximum(above, below), ends))
    area.note(area.coverage(torch.maximum(torch.maximum(above, below), ends) - 0.012), 0.9)
    # A soft shadow under the lower lip, the lips, then what is between them.
    under = torch.exp(
        -((area.x - mx) / (half * 0.6)).square() - ((area.y - my - 0.085 - opened) / 0.022).square()
    )
    area.paint(under * 0.35, subject.shadow)
    area.paint(shape, mix(subject.lips * 0.84, subject.lips, ramp(area.y - middle, -0.005, 0.015)))
    shine = torch.exp(
        -((area.x - mx) / (half * 0.35)).square()
        - ((area.y - middle - 0.022 - opened * 0.97) / 0.008).square()
    )
    area.paint(shine * 0.35, _WHITE)
    gap_above, gap_below = 0.25 * opened * bulge, 0.86 * opened * bulge
    gap = torch.maximum((middle - gap_above - area.y) / slope, (area.y - middle - gap_below) / slope)
    gap = torch.maximum(gap, ends * 0.96)
    hole = area.coverage(gap) * ramp(opened, 0.002, 0.012)
    area.paint(hole, torch.tensor([0.36, 0.08, 0.10]).view(1, 3, 1, 1))
    teeth = area.coverage((area.y - middle - 0.22 * opened) / slope)
    area.paint(hole * teeth, torch.tensor([0.98, 0.97, 0.94]).view(1, 3, 1, 1))
    line = torch.maximum((area.y - middle).abs() / slope - 0.0055, ends)
    area.paint(area.coverage(line) * (1.0 - ramp(opened, 0.002, 0.012)) * 0.9, subject.lips * 0.42)
    for side in (-1.0, 1.0):
        corner_y = my - 0.052 * smile
        dot = ellipse(area.x - mx - side * half, area.y - corner_y, 0.016, 0.012)
        area.paint(area.coverage(dot, 1.5) * 0.7, subject.shadow * 0.72)


def _nose(canvas: Canvas, subject: _Subject) -> None:
    pose = subject.pose
    size = 0.72 + 0.70 * subject.unit("nose_size")
    area = canvas.window(-0.35, 0.35, -0.25, 0.28)
    nx, ny, _ = pose.place(0.0, 0.24, lift=0.16)
    bx, by, _ = pose.place(0.0, -0.10, lift=0.04)
    light = subject("light_side")
    # The side away from the light, the ball, its highlight, the nostrils.
    for side in (-1.0, 1.0):
        dark = ramp(-side * light, -0.6, 0.6)
        flank = segment(
            area.x, area.y, (bx + side * 0.030, by), (nx + side * 0.040 * size, ny - 0.01), radius=0.010
        )
        area.paint(area.coverage(flank, 4.0) * (0.10 + 0.45 * dark), subject.shadow)
    ball = ellipse(area.x - nx, area.y - ny, 0.066 * size, 0.050 * size)
    area.paint(area.coverage(ball, 5.0) * 0.45, mix(subject.skin, subject.shadow * 1.08, 0.55 + 0 * size))
    base = arc(area.x - nx, area.y - ny - 0.036 * size, 0.068 * size, rise=-0.016 * size, thickness=0.011)
    area.paint(area.coverage(base) * 0.75, subject.shadow * 0.82)
    for side in (-1.0, 1.0):
        hole = ellipse(
            area.x - nx - side * 0.031 * size, area.y - ny - 0.036 * size, 0.015 * size, 0.009 * size
        )
        area.paint(area.coverage(hole) * 0.85, subject.shadow * 0.45)
    area.note(area.coverage(ball - 0.02) * 0.35)
    spot = torch.exp(
        -((area.x - nx - 0.016 * light) / 0.020).square() - ((area.y - ny + 0.014) / 0.017).square()
    )
    area.paint(spot * 0.50, _WHITE)


def _eye(canvas: Canvas, subject: _Subject, side: float) -> None:
    """White, iris with a dark ring, pupil, two highlights; lids and a lash towards the temple."""
    pose = subject.pose
    area = canvas.window(*((-0.52, 0.10) if side < 0 else (-0.10, 0.52)), -0.32, 0.22)
    size = 0.88 + 0.24 * subject.unit("eye_size")
    opened = mix(0.42, 1.0, subject.unit("eye_open"))
    ex, ey, facing = pose.place(side * 0.435, -0.015)
    rx = 0.112 * size * facing
    dx, dy = area.x - ex, area.y - ey
    upper, lower = 0.096 * size * opened, 0.062 * size * mix(0.75, 1.0, opened)
    outline = ellipse(dx, dy, rx, torch.where(dy < 0.0, upper, lower))
    inside = area.coverage(outline)
    area.paint(area.coverage(outline - 0.030, 8.0) * 0.30, subject.shadow)
    area.paint(inside, torch.tensor([0.985, 0.98, 0.97]).view(1, 3, 1, 1))
    ix, iy, radius = ex + 0.055 * pose.sin_yaw, ey - 0.008 + 0.05 * pose.sin_pitch, 0.070 * size
    color = palettes.iris(subject("eye_color"))
    jx, jy = area.x - ix, area.y - iy
    squeeze = mix(0.6, 1.0, facing)
    iris = ellipse(jx, jy, radius * squeeze, radius)
    area.paint(area.coverage(iris) * inside, color * 0.50)
    glow = ramp(jy / radius, -0.9, 0.9)
    area.paint(area.coverage(iris + 0.013) * inside, (color * (0.80 + 0.55 * glow)).clamp(0.0, 1.0))
    pupil = ellipse(jx, jy, radius * 0.50 * squeeze, radius * 0.50)
    area.paint(area.coverage(pupil) * inside, _INK * 0.6)
    # The upper lid's shadow on the ball.
    area.paint(inside * ramp(-dy, upper * 0.35, upper * 1.1) * 0.35, _INK)
    light = subject("light_side")
    sparkle = ellipse(jx - 0.026 * light, jy + 0.030 * size, 0.021 * size, 0.021 * size)
    area.paint(area.coverage(sparkle) * inside, _WHITE)
    glint = ellipse(jx + 0.028 * light, jy - 0.030 * size, 0.010, 0.010)
    area.paint(area.coverage(glint) * inside * 0.85, _WHITE)
    # Lids: a dark line above that thickens towards the temple, a fine one below, a crease over it.
    outward = (side * dx / rx).clamp(-1.0, 1.2)
    lid = torch.maximum(outline.abs() - (0.013 + 0.006 * outward), dy - 0.012)
    lash = segment(
        area.x,
        area.y,
        (ex + side * rx * 0.93, ey - 0.018 * opened),
        (ex + side * (rx + 0.032), ey - 0.048),
        radius=0.013,
        end_radius=0.004,
    )
    lid_color = mix(_INK, subject.hair * 0.35, torch.tensor(0.4))
    area.paint(area.coverage(torch.minimum(lid, lash)), lid_color)
    below = torch.maximum(outline.abs() - 0.0045, 0.004 - dy)
    area.paint(area.coverage(below) * 0.75, subject.shadow * 0.62)
    crease = arc(dx, dy + upper * 0.72 + 0.028, rx * 0.92, rise=upper * 0.42 + 0.006, thickness=0.009)
    area.paint(area.coverage(crease) * 0.75, subject.shadow * 0.86)
    area.note(area.coverage(torch.minimum(outline, lash) - 0.02))


def _brow(canvas: Canvas, subject: _Subject, side: float) -> None:
    pose = subject.pose
    area = canvas.window(*((-0.52, 0.10) if side < 0 else (-0.10, 0.52)), -0.48, -0.08)
    height = -0.335 - 0.055 * subject("brow_height")
    cx, cy, facing = pose.place(side * 0.435, height)
    half = 0.128 * facing
    angle = 0.044 * subject("brow_angle")
    thickness = 0.012 + 0.022 * subject.unit("brow_weight")
    # Thick at the nose, thin at the temple: the stroke is moved up by a share of its own taper.
    dx, dy = area.x - cx, area.y - cy
    inner = (0.5 - 0.5 * side * dx / half).clamp(0.0, 1.0)
    stroke = arc(dx, dy, half, rise=0.034, tilt=-side * angle, thickness=thickness * (0.60 + 0.65 * inner))
    cover = area.coverage(stroke)
    area.paint(cover, subject.hair * 0.62 + 0.02)
    area.note(cover, 0.8)


def _front_hair(canvas: Canvas, subject: _Subject) -> None:
    """The hair in front of the face: the outline minus an opening whose upper edge is the fringe."""
    pose = subject.pose
    rx, ry = pose.outline
    shape = _hair_shape(canvas, subject)
    length = subject.unit("hair_length")
    body = ramp(length, 0.06, 0.30)
    fringe, parting = subject.unit("fringe"), subject("parting")
    part_x, part_y, _ = pose.place(0.46 * parting, -0.78)
    _, forehead_y, _ = pose.place(0.0, -0.62)
    _, brow_y, _ = pose.place(0.0, -0.34)
    x, y = canvas.x, canvas.y
    shift = 0.22 * pose.sin_yaw
    # Two locks that fall from the parting to both sides.
    away = (x - part_x).abs()
    fall = mix(0.10, 0.62, fringe)
    line = mix(part_y - 0.02, forehead_y + 0.02, fringe * 0.9) + fall * away.square() / (away + 0.12)
    line = torch.minimum(line, mix(forehead_y + 0.06, brow_y + 0.015, fringe) + 0 * away)
    ellipse_opening = ellipse(
        x - shift,
        torch.minimum(y - 0.10, torch.zeros_like(y)),
        rx * mix(0.93, 0.865, ramp(length, 0.35, 0.75)),
        ry * 1.02,
    )
    tips = 0.016 * torch.sin((x - shift) * 30.0) * fringe
    opening = torch.maximum(ellipse_opening, (line + tips - y) * 0.85)
    # Shaved heads: the opening swallows everything.
    opening = opening - 0.5 * (1.0 - ramp(length, 0.03, 0.07))
    sideburn = mix(0.05, 0.0, body) + mix(0.02, 1.2, ramp(length, 0.35, 0.62)) + 0 * x
    distance = torch.maximum(
        torch.maximum(shape.outer, -opening), y - torch.minimum(sideburn, shape.bottom + 0.02)
    )
    cover = canvas.coverage(distance)
    # A soft shadow on the skin below the hair.
    shadow = canvas.coverage(distance - 0.02, 6.0) * ramp(y, 0.35, 0.0) * ramp(length, 0.06, 0.16)
    inside_face = canvas.coverage(ellipse(x - 0.5 * shift, y - CENTRE_Y, rx * 0.97, ry))
    canvas.paint(shadow * inside_face * 0.40, subject.shadow * 0.8)
    light = subject("light_side")
    u = (x - shape.centre_x) / shape.rx
    shade = 0.93 + 0.20 * u * light - 0.16 * ramp(y, 0.1, 0.9) - 0.10 * u * u
    canvas.paint(cover, subject.hair * shade)
    # Strands fall from the parting; a band of shine crosses them.
    wave = ramp(subject.unit("hair_wave"), 0.3, 1.0)
    rx_, ry_ = x - part_x, y - part_y + 0.10
    radius = (rx_.square() + ry_.square()).sqrt()
    falling = ramp(y, -0.35, 0.15)
    across = mix(torch.atan2(rx_, -ry_ * 0.6 + 0.0 * rx_).abs() * 5.4, u.abs() * 17.0, falling)
    calm = ramp(radius, 0.03, 0.22)
    strands = torch.sin(across * 2.2 + wave * 0.9 * torch.sin(radius * 24.0))
    canvas.paint(cover * calm * ramp(strands, 0.25, 1.0) * 0.34, subject.hair * 0.55)
    canvas.paint(cover * calm * ramp(-strands, 0.45, 1.0) * 0.20, (subject.hair * 1.3 + 0.10).clamp(0.0, 1.0))
    band = (
        torch.exp(-(((radius - 0.30) / 0.075).square())) * ramp(u * light, -0.7, 0.7) * ramp(y, -0.05, -0.3)
    )
    canvas.paint(cover * band * 0.42, (subject.hair * 1.25 + 0.22).clamp(0.0, 1.0))
    canvas.note(canvas.coverage(distance.abs() - 0.025, 3.0) * 0.5)


@dataclass(frozen=True, slots=True)
class _Lens:
    x: Tensor
    y: Tensor
    half_x: Tensor
    half_y: Tensor


def _lens(subject: _Subject, side: float) -> _Lens:
    ex, ey, facing = subject.pose.place(side * 0.445, 0.015, lift=0.05)
    return _Lens(ex, ey, 0.168 * facing, mix(0.160, 0.124, subject.unit("glasses_shape")))


def _frame(subject: _Subject) -> tuple[Tensor, Tensor]:
    """Colour of the glasses' frame, and how present it is: the factor leaves few pictures half-way."""
    brown = torch.tensor([0.30, 0.13, 0.08]).view(1, 3, 1, 1)
    color = mix(torch.tensor([0.13, 0.11, 0.13]).view(1, 3, 1, 1), brown, subject.unit("glasses_shape"))
    return color, ramp(subject("glasses"), 0.16, 0.30)


def _temples(canvas: Canvas, subject: _Subject) -> None:
    """The glasses' arms, which the hair may cover."""
    area = canvas.window(-0.62, 0.62, -0.32, 0.28)
    color, present = _frame(subject)
    for side in (-1.0, 1.0):
        lens = _lens(subject, side)
        tx, ty, _ = subject.pose.place(side * 0.97, -0.05)
        arm = segment(
            area.x, area.y, (lens.x + side * lens.half_x, lens.y - 0.045), (tx, ty - 0.02), radius=0.013
        )
        area.paint(area.coverage(arm) * present, color)


def _glasses(canvas: Canvas, subject: _Subject) -> None:
    """Two rims, a bridge, a little glass with a streak of light."""
    area = canvas.window(-0.58, 0.58, -0.32, 0.28)
    color, present = _frame(subject)
    square = subject.unit("glasses_shape")
    glass = torch.tensor([0.86, 0.94, 1.0]).view(1, 3, 1, 1)
    bridge: list[tuple[Tensor, Tensor]] = []
    for side in (-1.0, 1.0):
        at = _lens(subject, side)
        corner = torch.minimum(mix(0.158, 0.045, square), torch.minimum(at.half_x, at.half_y) - 0.002)
        dx, dy = area.x - at.x, area.y - at.y
        lens = rounded_box(dx, dy, at.half_x, at.half_y, corner)
        area.paint(area.coverage(lens) * present * 0.13, glass)
        streak = torch.maximum(((dx + 0.75 * dy + 0.045).abs() - 0.020) * 0.8, lens + 0.012)
        area.paint(area.coverage(streak) * present * 0.30, _WHITE)
        rim = area.coverage(lens.abs() - 0.0145)
        area.paint(rim * present, color)
        area.note(area.coverage(lens.abs() - 0.022) * present)
        bridge.append((at.x - side * at.half_x, at.y - 0.03))
    (x1, y1), (x2, y2) = bridge
    span = (x2 - x1) * 0.5 + 0.012
    nose = arc(area.x - (x1 + x2) * 0.5, area.y - (y1 + y2) * 0.5, span, rise=0.018, thickness=0.018)
    area.paint(area.coverage(nose) * present, color)
    area.note(area.coverage(nose) * present)
