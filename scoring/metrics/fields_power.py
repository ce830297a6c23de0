"""Fourier power of the differences of many lanes, collected while the field goes by."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scoring.metrics import fields_spectrum
from scoring.metrics.fields_plan import FieldPlan, FloatArray

# Up to here power is summed mode by mode, and shells are formed once, at the end.
_MODES_KEPT = 4 * 2**20
_TRANSFORM_VALUES = 64 * 2**10
_LANES_AT_ONCE = 16  # neighbours in memory: a few lines of the cache for each point


class PowerTable:
    """Sums Fourier power over samples; or, without samples, keeps the mean of each band.

    Parameters
    ----------
    plan : FieldPlan
        Of the whole field.
    rows : bool
        Whether lanes come as (lead, trail, points) instead of (lead, points, trail).
    """

    def __init__(self, plan: FieldPlan, *, rows: bool) -> None:
        self._plan = plan
        self._rows = rows
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
        return values // (lanes * fields_spectrum.wavenumbers(self._plan.space))

    def begin(self, steps: int) -> None:
        """Start a group."""
        plan = self._plan
        lengths = plan.lengths | ({plan.cut_axis: steps} if plan.cut_axis else {})
        lead = [lengths[axis] for axis in plan.lead_axes]
        trail = math.prod(lengths[axis] for axis in plan.trail_axes)
        if self._samples == 1:
            self._bands = np.zeros((math.prod(lead), trail, len(fields_spectrum.BANDS)))
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
        modes = fields_spectrum.modes_counted(plan.space)
        self._by_mode = lanes * modes <= _MODES_KEPT
        kept = modes if self._by_mode else fields_spectrum.wavenumbers(plan.space)
        folded = int(self._place.max()) + 1
        self._power = np.zeros((folded, kept, lanes // folded))

    def add(self, error: FloatArray, *, lead: int) -> None:
        """Take the differences of whole leads, the first of which is number `lead`.

        Transforms are done for some lanes at a time, which then stay in the processor's cache.
        """
        leads, space = error.shape[0], self._plan.space
        if self._rows:
            lanes = error.reshape(leads, error.shape[1], *space, 1)
            at_once = max(1, _TRANSFORM_VALUES // max(1, lanes[0].size))
            for first in range(0, leads, at_once):
                rows = slice(lead + first, lead + min(first + at_once, leads))
                self._add_rows(lanes[first : first + at_once], rows)
            return
        lanes = error.reshape(leads, *space, -1)
        # Samples among these lanes are to be summed, so they stay together.
        at_once = lanes.shape[-1] if "b" in self._plan.trail_axes else _LANES_AT_ONCE
        for first in range(0, lanes.shape[-1], at_once):
            part = slice(first, first + at_once)
            power = fields_spectrum.lower_power(lanes[..., part], first=1)
            self._keep(power, slice(lead, lead + leads), part)

    def _add_rows(self, lanes: FloatArray, rows: slice) -> None:
        if self._samples == 1 and len(self._plan.space) == 1:
            amplitudes = fields_spectrum.amplitude(lanes[..., 0])
            self._bands[rows] = fields_spectrum.band_means(amplitudes)
            return
        power = fields_spectrum.lower_power(lanes, first=2)[..., 0].swapaxes(1, 2)
        self._keep(power, rows, slice(None))

    def _keep(self, power: FloatArray, rows: slice, part: slice) -> None:
        """Keep the power (lead, mode, trail) of some leads and some of the lanes after space."""
        if self._samples == 1:
            shells = fields_spectrum.in_shells(power, self._plan.space).swapaxes(1, 2)
            self._bands[rows, part] = fields_spectrum.band_means(np.sqrt(shells))
        else:
            self._sum_samples(power, self._place[rows], part)

    def sums(self, steps: int) -> dict[str, FloatArray]:
        """Return what chunks call `error_bands` or `error_power`."""
        if self._samples == 1:
            return {"error_bands": self._plan.by_lane_axes(self._bands, steps=steps)}
        power = self._power
        if self._by_mode:
            power = fields_spectrum.in_shells(power, self._plan.space)
        lanes = power.swapaxes(1, 2)
        return {"error_power": self._plan.by_lane_axes(lanes, steps=steps, folded="b")}

    def _sum_samples(self, power: FloatArray, place: NDArray[np.intp], part: slice) -> None:
        if "b" in self._plan.trail_axes:
            apart = [self._plan.lengths[axis] for axis in self._plan.trail_axes]
            power = power.reshape(*power.shape[:2], *apart)
            power = power.sum(axis=2 + self._plan.trail_axes.index("b"))
            power = power.reshape(*power.shape[:2], -1)
            part = slice(None)
        if not self._by_mode:
            power = fields_spectrum.in_shells(power, self._plan.space)
        if place[0] == place[-1] and (place == place[0]).all():
            self._power[place[0], :, part] += power[0] if len(power) == 1 else power.sum(axis=0)
        elif (np.diff(place) == 1).all():
            self._power[place[0] : place[-1] + 1, :, part] += power
        else:
            for number in np.unique(place):
                self._power[number, :, part] += power[place == number].sum(axis=0)
