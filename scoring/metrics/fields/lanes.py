"""The sums of many lanes, collected in one pass over a field whatever way it is cut.

The values come in C order in portions of any size; a portion is measured in blocks that are whole
steps before space, or some points of one. What is kept is one number for each lane and measure.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from scoring.metrics.fields import compiled_sums
from scoring.metrics.fields.chunk import FieldChunk
from scoring.metrics.fields.plan import FieldPlan, FloatArray
from scoring.metrics.fields.power import PowerTable
from scoring.metrics.fields.sums import MEASURES, BlockSums, Faces, NumpySums
from scoring.readers.base import AnyArray

SPECTRUM = "error_spectrum"
MEASURED = frozenset({*MEASURES, SPECTRUM})
_TILE = 64  # points
# Lanes whose starts are a power of two apart fall on the same lines of the cache: so many values
# of nothing stand between them.
_APART = 8
_NO_FACES = Faces(np.empty(0, dtype=np.intp), np.empty(0))
GROUP_LANES = 16 * 2**10
GROUP_POWER_VALUES = 2 * 2**20

Look = Callable[[AnyArray, AnyArray], None]


class LaneTable:
    """Collects sums over the lanes of one field, group by group.

    Parameters
    ----------
    plan : FieldPlan
        Of the field; its space axes must be neighbours.
    needs : frozenset of str
        What is wanted, out of `MEASURED`.
    suspect : callable
        Called with (reference, prediction) of a block whose sums are not finite.
    compiled : bool
        Whether the compiled kernel may be used, where it is there.
    most : int
        The most values to measure at a time, if a row of lanes is not longer.
    """

    def __init__(
        self,
        plan: FieldPlan,
        needs: frozenset[str],
        *,
        suspect: Look,
        compiled: bool,
        most: int,
    ) -> None:
        self._plan = plan
        self._needs = needs
        self._suspect = suspect
        self._leads = math.prod(plan.lengths[axis] for axis in plan.lead_axes)
        self._trail = math.prod(plan.lengths[axis] for axis in plan.trail_axes)
        self._lead_values = plan.points * self._trail
        everything = self._leads * self._lead_values
        kernel = compiled_sums.ready() if compiled else None
        self._sums = _block_sums(self._trail, kernel=kernel, most=everything)
        self._block_values = max(self._trail, min(most, self._sums.block_values, everything))
        self._power = PowerTable(plan, kernel=kernel) if SPECTRUM in needs else None
        in_lanes = self._power is not None and self._sums.rows
        fills = not in_lanes and (self._power is not None or self._sums.fills_error)
        self._error = np.empty(self._block_values if fills else 0)
        # All of space of the lanes being measured: what a transform needs.
        self._most_leads = max(1, self._block_values // self._lead_values)
        lanes = self._most_leads * self._trail if self._power else 0
        self._lanes = np.empty((lanes, plan.points + _APART))
        self._faces = boundary_points(plan.space) if "boundary_square" in needs else _NO_FACES
        self._faces_at: dict[tuple[int, int], Faces] = {}
        self._found = np.empty((len(MEASURES), self._most_leads, self._trail))
        self._table = np.empty((len(MEASURES), 0, self._trail))
        self._at = self._start = self._steps = 0

    @property
    def group_steps(self) -> int:
        """How many steps of the cut axis may be collected at once in bounded memory."""
        lanes = self._leads * self._trail // self._plan.steps
        most = GROUP_LANES // max(1, lanes)
        if self._power:
            most = min(most, self._power.most_steps(GROUP_POWER_VALUES))
        return max(1, min(most, self._plan.steps))

    def portion(self) -> int:
        """Return how many values to hand over next."""
        block = self._block_values
        if self._lead_values <= block:
            return block // self._lead_values * self._lead_values
        left = self._lead_values - self._at % self._lead_values
        return min(left, max(1, block // self._trail) * self._trail)

    def begin(self, *, start: int, steps: int) -> None:
        """Start a group of so many steps of the cut axis."""
        self._start, self._steps, self._at = start, steps, 0
        shape = (self._leads * steps // self._plan.steps, self._trail)
        self._table = np.zeros((len(MEASURES), *shape))
        if self._power:
            self._power.begin(steps)

    def add(self, truth: AnyArray, guess: AnyArray) -> None:
        """Measure the next values, in C order: whole rows of the lanes after space."""
        done = 0
        while done < len(truth):
            count = min(self.portion(), len(truth) - done)
            lead, offset = divmod(self._at, self._lead_values)
            if not offset and count >= self._lead_values:
                count -= count % self._lead_values
            self._block(truth[done : done + count], guess[done : done + count], lead, offset)
            self._at += count
            done += count

    def chunk(self) -> FieldChunk:
        """Return the sums of the group as a chunk."""
        sums = {
            name: self._plan.by_lane_axes(values, steps=self._steps)
            for name, values in zip(MEASURES, self._table, strict=True)
            if name in self._needs
        }
        if self._power:
            sums |= self._power.sums(self._steps)
        return FieldChunk.of_sums(self._plan, sums, start=self._start, steps=self._steps)

    def _block(self, truth: AnyArray, guess: AnyArray, lead: int, offset: int) -> None:
        """Measure whole leads, or some points of one."""
        leads = max(1, len(truth) // self._lead_values)
        first = offset // self._trail
        points = len(truth) // leads // self._trail
        truth = truth.reshape(leads, points, self._trail)
        guess = guess.reshape(truth.shape)
        error = self._error_part(leads, points, first=first)
        faces = self._faces_of(first, points)
        found = self._found[:, :leads]
        if not self._sums.measure(truth, guess, error=error, faces=faces, found=found):
            self._suspect(truth, guess)
        if first:
            self._sums.join(self._table, found, before=first, points=points, lead=lead)
        else:
            self._table[:, lead : lead + leads] = found
        if self._power:
            self._transform(error, lead=lead, first=first, points=points)

    def _faces_of(self, first: int, points: int) -> Faces:
        """Return the boundary points of a block, counted from its first point."""
        if points == self._plan.points:
            return self._faces
        found = self._faces_at.get((first, points))
        if found is None:
            part = slice(*self._faces.points.searchsorted((first, first + points)))
            found = Faces(self._faces.points[part] - first, self._faces.times[part])
            self._faces_at[first, points] = found
        return found

    def _transform(self, error: FloatArray, *, lead: int, first: int, points: int) -> None:
        """Lay the differences of a block into their lanes; hand lanes on that are complete."""
        if self._power is None:
            raise TypeError("nothing spectral is wanted")
        lanes = self._lane_part(len(error))
        if not self._sums.rows:
            # A tile at a time: what is read of it stays in the fastest cache for every lane.
            for start in range(0, error.shape[1], _TILE):
                tile = error[:, start : start + _TILE].swapaxes(1, 2)
                at = first + start
                np.copyto(lanes[..., at : at + tile.shape[2]], tile)
        if first + points == self._plan.points:
            self._power.add(lanes, lead=lead)

    def _lane_part(self, leads: int) -> FloatArray:
        """Return the lanes of so many leads, all of space."""
        kept = self._lanes[: leads * self._trail, : self._plan.points]
        return kept.reshape(leads, self._trail, self._plan.points)

    def _error_part(self, leads: int, points: int, *, first: int) -> FloatArray:
        """Return where the differences of a block go: at once into their lanes, if they can."""
        if self._power and self._sums.rows:
            return self._lane_part(leads)[..., first : first + points]
        if not len(self._error):
            return self._error
        kept = self._error[: leads * points * self._trail]
        if self._sums.rows:
            return kept.reshape(leads, self._trail, points)
        return kept.reshape(leads, points, self._trail)


def boundary_points(space: tuple[int, ...]) -> Faces:
    """Return the points on the boundary faces of a grid, in order, and on how many each lies."""
    faces = []
    for axis in range(len(space)):
        others = [np.arange(n) for n in space]
        for end in (0, space[axis] - 1):
            others[axis] = np.array([end])
            faces.append(np.ravel_multi_index(np.ix_(*others), space).ravel())
    points, count = np.unique(np.concatenate(faces), return_counts=True)
    return Faces(points, count.astype(np.float64))


def _block_sums(trail: int, *, kernel: compiled_sums.Kernel | None, most: int) -> BlockSums:
    if kernel is None:
        return NumpySums(trail=trail, most=most)
    return compiled_sums.CompiledSums(kernel, trail=trail)
