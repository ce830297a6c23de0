"""Fourier power of the differences of many lanes, collected while the field goes by."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scoring.metrics.fields import spectrum
from scoring.metrics.fields.compiled_sums import Kernel
from scoring.metrics.fields.plan import FieldPlan, FloatArray

# Up to here power is summed mode by mode, and shells are formed once, at the end.
_MODES_KEPT = 4 * 2**20
_TRANSFORM_VALUES = 64 * 2**10


class PowerTable:
    """Sums Fourier power over samples; or, without samples, keeps the mean of each band.

    Parameters
    ----------
    plan : FieldPlan
        Of the whole field.
    kernel : Kernel, optional
        Compiled functions, where they may be used.
    """

    def __init__(self, plan: FieldPlan, *, kernel: Kernel | None = None) -> None:
        self._plan = plan
        self._kernel = kernel if len(plan.space) <= 2 else None
        self._samples = plan.length("b")
        self._bands: FloatArray = np.empty(0)
        self._power: FloatArray = np.empty(0)
        self._place: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self._by_mode = True

    def most_steps(self, values: int) -> int:
        """Return how many steps of the cut axis fit into so many values of power."""
        if self._samples == 1 or self._plan.cut_axis == "b":
            return self._plan.steps
        lanes = math.prod(self._plan.length(axis) for axis in "tc") // self._plan.steps
        return values // (lanes * spectrum.wavenumbers(self._plan.space))

    def begin(self, steps: int) -> None:
        """Start a group."""
        plan = self._plan
        lengths = plan.lengths | ({plan.cut_axis: steps} if plan.cut_axis else {})
        lead = [lengths[axis] for axis in plan.lead_axes]
        trail = math.prod(lengths[axis] for axis in plan.trail_axes)
        if self._samples == 1:
            self._bands = np.zeros((math.prod(lead), trail, len(spectrum.BANDS)))
            return
        # Where a lead goes once its sample no longer counts.
        apart = np.arange(math.prod(lead)).reshape(lead)
        if "b" in plan.lead_axes:
            apart = np.broadcast_to(apart.take([0], axis=plan.lead_axes.index("b")), apart.shape)
        _, place = np.unique(apart, return_inverse=True)
        self._place = place.ravel()
        lanes = (
            (int(self._place.max()) + 1) * trail // (self._samples if "b" in plan.trail_axes else 1)
        )
        modes = spectrum.modes_counted(plan.space)
        self._by_mode = lanes * modes <= _MODES_KEPT
        kept = modes if self._by_mode else spectrum.wavenumbers(plan.space)
        folded = int(self._place.max()) + 1
        self._power = np.zeros((folded, lanes // folded, kept))

    def add(self, error: FloatArray, *, lead: int) -> None:
        """Take the differences of whole leads, (lead, trail, points), the first is number `lead`.

        Transforms are done for some lanes at a time, which then stay in the processor's cache.
        """
        leads, trail, points = error.shape
        lanes = error.reshape(leads, trail, *self._plan.space)
        at_once = max(1, _TRANSFORM_VALUES // points)
        # Samples among the lanes after space are to be summed, so they stay together.
        together = "b" in self._plan.trail_axes or at_once >= trail
        leads_at_once = max(1, at_once // trail)
        for first in range(0, leads, leads_at_once):
            rows = slice(lead + first, lead + min(first + leads_at_once, leads))
            here = lanes[first : first + leads_at_once]
            for start in range(0, trail, trail if together else at_once):
                part = slice(start, start + (trail if together else at_once))
                self._keep(here[:, part], rows, part)

    def sums(self, steps: int) -> dict[str, FloatArray]:
        """Return what chunks call `error_bands` or `error_power`."""
        if self._samples == 1:
            return {"error_bands": self._plan.by_lane_axes(self._bands, steps=steps)}
        power = self._in_shells(self._power) if self._by_mode else self._power
        return {"error_power": self._plan.by_lane_axes(power, steps=steps, folded="b")}

    def _keep(self, lanes: FloatArray, rows: slice, part: slice) -> None:
        """Keep the power of some leads and some of the lanes after space."""
        if self._kernel is not None and self._keep_compiled(self._kernel, lanes, rows, part):
            return
        if self._samples == 1 and len(self._plan.space) == 1:
            amplitudes = spectrum.amplitude(lanes)
            self._bands[rows, part] = spectrum.band_means(amplitudes)
            return
        power = spectrum.lower_power(lanes[..., np.newaxis], first=2)[..., 0]
        if self._samples == 1:
            shells = self._in_shells(power)
            self._bands[rows, part] = spectrum.band_means(np.sqrt(shells))
        else:
            self._sum_samples(power, self._place[rows], part)

    def _keep_compiled(self, kernel: Kernel, lanes: FloatArray, rows: slice, part: slice) -> bool:
        """Do what `_keep` does in one pass over the modes, if this is a case for it."""
        space = self._plan.space
        counted = spectrum.quadrant(space)
        summed = self._by_mode and "b" not in self._plan.trail_axes
        bands = [band.indices(counted[-1]) for band in spectrum.BANDS.values()]
        sizes = [stop - start for start, stop, _ in bands]
        if self._samples == 1 and (len(space) > 1 or not all(sizes)):
            return False
        if self._samples > 1 and not summed:
            return False
        modes = spectrum.transformed(lanes, axes=range(2, lanes.ndim))
        modes = modes.reshape(*lanes.shape[:2], -1, modes.shape[-1])
        if self._samples == 1:
            totals = np.zeros((lanes.shape[0] * lanes.shape[1], len(bands)))
            stops = bands[0][1], bands[1][1]
            kernel.add_bands(modes.reshape(len(totals), 1, -1), *stops, totals)
            self._bands[rows, part] = (totals / sizes).reshape(*lanes.shape[:2], -1)
            return True
        lines = 1 if len(space) == 1 else counted[0]
        for lead, place in enumerate(self._place[rows]):
            kernel.add_power(modes[lead], lines, counted[-1], self._power[place, part])
        return True

    def _in_shells(self, power: FloatArray) -> FloatArray:
        return spectrum.in_shells(power[..., np.newaxis], self._plan.space)[..., 0]

    def _sum_samples(self, power: FloatArray, place: NDArray[np.intp], part: slice) -> None:
        if "b" in self._plan.trail_axes:
            apart = [self._plan.lengths[axis] for axis in self._plan.trail_axes]
            power = power.reshape(len(power), *apart, power.shape[-1])
            power = power.sum(axis=1 + self._plan.trail_axes.index("b"))
            power = power.reshape(len(power), -1, power.shape[-1])
            part = slice(None)
        if not self._by_mode:
            power = self._in_shells(power)
        if place[0] == place[-1] and (place == place[0]).all():
            self._power[place[0], part] += power[0] if len(power) == 1 else power.sum(axis=0)
        elif (np.diff(place) == 1).all():
            self._power[place[0] : place[-1] + 1, part] += power
        else:
            for number in np.unique(place):
                self._power[number, part] += power[place == number].sum(axis=0)
