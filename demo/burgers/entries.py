"""Eight entries to the challenge, each computed from public inputs and training data only."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from demo.burgers.arrays import FloatArray
from demo.burgers.challenge import POINTS, TargetInputs
from demo.burgers.corrected_flux import CorrectedFlux
from demo.burgers.datasets import AUGMENTED, ORIGINAL, Trajectories, read_trajectories
from demo.burgers.datasets import POINTS as TRAINING_POINTS
from demo.burgers.reduced import DynamicModes, QuadraticOperator
from demo.burgers.schemes import (
    Flux,
    march,
    muscl_flux,
    refine_fourier,
    refine_linear,
    refine_spline,
    upwind_flux,
    weno_flux,
)
from demo.burgers.solver import Discretisation, solve

Predictions = dict[str, FloatArray]
Inputs = Sequence[TargetInputs]


@dataclass(slots=True)
class Materials:
    """What a participant has: files of the public datasets, and models trained so far.

    A model is trained once, when the first entry asks for it.
    """

    datasets: Mapping[str, Path]
    _flux: CorrectedFlux | None = field(default=None, init=False)
    _tuned_flux: CorrectedFlux | None = field(default=None, init=False)

    def flows(self, slug: str) -> Trajectories:
        """Read a training dataset from its file."""
        return read_trajectories(self.datasets[slug])

    def flux(self) -> CorrectedFlux:
        """The correction learned from the original dataset."""
        if self._flux is None:
            self._flux = CorrectedFlux.train(self.flows(ORIGINAL), penalty=1e-3)
        return self._flux

    def tuned_flux(self) -> CorrectedFlux:
        """The same correction, tuned on the augmented dataset."""
        if self._tuned_flux is None:
            self._tuned_flux = self.flux().tune(self.flows(AUGMENTED), penalty=1e-4)
        return self._tuned_flux


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry and its record for the catalogue.

    ``datasets`` and ``models`` are the slugs of what it was built on, for its lineage.
    """

    slug: str
    title: str
    summary: str
    description: str
    make: Callable[[Inputs, Materials], Predictions]
    datasets: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    baseline: bool = False


@dataclass(frozen=True, slots=True)
class Prediction:
    """Arrays by target slug, shape (time, x), and the seconds spent, training included."""

    arrays: Predictions
    seconds: float


def predict(entry: Entry, targets: Inputs, *, materials: Materials) -> Prediction:
    """Make an entry's predictions and measure what they cost."""
    begun = time.perf_counter()
    arrays = entry.make(targets, materials)
    return Prediction(arrays, time.perf_counter() - begun)


def persistence(targets: Inputs, materials: Materials) -> Predictions:
    """Predict that nothing changes."""
    return {t.slug: np.repeat(t.initial[None], len(t.times), axis=0) for t in targets}


def upwind(targets: Inputs, materials: Materials) -> Predictions:
    """Godunov's first-order scheme on 64 points, read linearly between them."""
    return _by_viscosity(
        targets,
        lambda batch: refine_linear(
            _march(batch, upwind_flux, points=64, diffusion_order=2, euler=True), POINTS
        ),
    )


def muscl(targets: Inputs, materials: Materials) -> Predictions:
    """Second-order MUSCL scheme on 128 points."""
    return _by_viscosity(
        targets,
        lambda batch: refine_spline(
            _march(batch, muscl_flux, points=128, diffusion_order=2), POINTS
        ),
    )


def weno(targets: Inputs, materials: Materials) -> Predictions:
    """Fifth-order WENO scheme on 128 points."""
    return _by_viscosity(
        targets,
        lambda batch: refine_spline(
            _march(batch, weno_flux, points=128, diffusion_order=4), POINTS
        ),
    )


def coarse_spectral(targets: Inputs, materials: Materials) -> Predictions:
    """Fourier solver on 64 points."""
    return _by_viscosity(targets, _coarse_spectral)


def dynamic_modes(targets: Inputs, materials: Materials) -> Predictions:
    """One learned linear map per training viscosity."""
    model = DynamicModes.train(materials.flows(ORIGINAL), rank=40, stride=4, penalty=1e-5)
    return {
        t.slug: refine_spline(
            model.predict(_on_training_grid(t), t.times, viscosity=t.viscosity), POINTS
        )
        for t in targets
    }


def quadratic_operator(targets: Inputs, materials: Materials) -> Predictions:
    """Operator inference learned from the augmented dataset."""
    model = QuadraticOperator.train(materials.flows(AUGMENTED), rank=16, penalty=1e-4)
    return _roll_out(targets, model)


def corrected_flux(targets: Inputs, materials: Materials) -> Predictions:
    """MUSCL on 128 points with a correction learned from the original dataset."""
    return _roll_out(targets, materials.flux())


def tuned_flux(targets: Inputs, materials: Materials) -> Predictions:
    """The corrected flux, tuned on the augmented dataset."""
    return _roll_out(targets, materials.tuned_flux())


def _roll_out(targets: Inputs, model: QuadraticOperator | CorrectedFlux) -> Predictions:
    u = model.predict(
        np.stack([_on_training_grid(t) for t in targets]),
        targets[0].times,
        viscosity=np.array([t.viscosity for t in targets]),
    )
    fine = refine_spline(u, POINTS)
    return {t.slug: fine[row] for row, t in enumerate(targets)}


def _by_viscosity(targets: Inputs, run: Callable[[Inputs], FloatArray]) -> Predictions:
    """Run targets of one viscosity together: the stable step is theirs alone."""
    arrays: Predictions = {}
    for viscosity in sorted({t.viscosity for t in targets}):
        batch = [t for t in targets if t.viscosity == viscosity]
        arrays.update(zip([t.slug for t in batch], run(batch), strict=True))
    return arrays


def _march(
    batch: Inputs, flux: Flux, *, points: int, diffusion_order: int, euler: bool = False
) -> FloatArray:
    return march(
        np.stack([t.initial[:: POINTS // points] for t in batch]),
        batch[0].times,
        viscosity=np.array([t.viscosity for t in batch]),
        flux=flux,
        diffusion_order=diffusion_order,
        euler=euler,
    )


def _coarse_spectral(batch: Inputs) -> FloatArray:
    coarse = solve(
        np.stack([t.initial[:: POINTS // 64] for t in batch]),
        batch[0].times,
        viscosity=batch[0].viscosity,
        discretisation=Discretisation(points=64, step=5e-3),
    )
    return refine_fourier(coarse, POINTS)


def _on_training_grid(target: TargetInputs) -> FloatArray:
    return target.initial[:: POINTS // TRAINING_POINTS]


ENTRIES = (
    Entry(
        slug="persistence",
        title="Persistence",
        summary="Nothing ever changes",
        description=(
            "Repeats the initial field at every time. The floor that any method has to beat."
        ),
        make=persistence,
        baseline=True,
    ),
    Entry(
        slug="upwind-64",
        title="First-order upwind, 64 points",
        summary="Godunov's scheme on a coarse grid",
        description=(
            "Godunov flux, central diffusion, explicit Euler steps on 64 points; linear "
            "interpolation onto the 256 points asked for. Robust at fronts, and so diffusive that "
            "it acts like a larger viscosity."
        ),
        make=upwind,
    ),
    Entry(
        slug="muscl-128",
        title="MUSCL, 128 points",
        summary="Second-order finite volumes with van Leer's limiter",
        description=(
            "Limited linear reconstruction, Godunov flux, third-order Runge-Kutta steps on 128 "
            "points; cubic spline onto the 256 points asked for."
        ),
        make=muscl,
    ),
    Entry(
        slug="weno5-128",
        title="WENO5, 128 points",
        summary="Fifth-order shock-capturing scheme",
        description=(
            "Fifth-order WENO flux of Jiang and Shu with Lax-Friedrichs splitting, fourth-order "
            "diffusion, third-order Runge-Kutta steps on 128 points; cubic spline onto the 256 "
            "points asked for."
        ),
        make=weno,
    ),
    Entry(
        slug="spectral-64",
        title="Coarse spectral solver, 64 points",
        summary="Fourier modes up to wavenumber 21",
        description=(
            "Dealiased Fourier method on 64 points with an integrating factor and eighth-order "
            "steps. Close to exact while the flow is smooth; rings where a front is thinner than "
            "its grid."
        ),
        make=coarse_spectral,
    ),
    Entry(
        slug="dynamic-modes",
        title="Dynamic mode decomposition",
        summary="A learned linear map for each viscosity",
        description=(
            "Forty POD modes of the training flows in the frame of their mean velocity; for each "
            "training viscosity a linear map over 0.05, fitted by ridge regression. The map of the "
            "nearest viscosity is applied again and again. A linear map cannot form a front."
        ),
        make=dynamic_modes,
        datasets=(ORIGINAL,),
    ),
    Entry(
        slug="operator-inference",
        title="Operator inference, 16 modes",
        summary="A learned quadratic model of 16 POD coefficients",
        description=(
            "Sixteen POD modes; the step of their coefficients is a quadratic polynomial with a "
            "part proportional to the viscosity, the form a Galerkin projection has. All "
            "coefficients are learned by ridge regression from the symmetry-augmented dataset."
        ),
        make=quadratic_operator,
        datasets=(AUGMENTED,),
    ),
    Entry(
        slug="corrected-flux",
        title="Corrected flux",
        summary="MUSCL on 128 points with a learned correction",
        description=(
            "Makes steps of 1/80 with MUSCL on 128 points and adds a conservative correction: a "
            "linear combination of 256 random features of the six values around each edge, "
            "learned by ridge regression from what MUSCL misses on the original dataset."
        ),
        make=corrected_flux,
        datasets=(ORIGINAL,),
    ),
    Entry(
        slug="corrected-flux-tuned",
        title="Corrected flux, tuned",
        summary="The corrected flux, tuned on augmented and sharper flows",
        description=(
            "Starts from the weights of the corrected flux and goes on learning from the "
            "symmetry-augmented dataset, which holds other frames of reference and thinner fronts; "
            "the penalty is on leaving the first weights."
        ),
        make=tuned_flux,
        datasets=(AUGMENTED,),
        models=("corrected-flux",),
    ),
)


def entry(slug: str) -> Entry:
    """Return the entry called `slug`."""
    return next(candidate for candidate in ENTRIES if candidate.slug == slug)
