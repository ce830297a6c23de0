"""The reference solver against the exact solution, and against itself."""

from __future__ import annotations

import numpy as np
import pytest

from demo.burgers.arrays import FloatArray
from demo.burgers.challenge import CLASSES, POINTS, TIMES, Target, targets
from demo.burgers.cole_hopf import exact_solution
from demo.burgers.datasets import EXTRA_VISCOSITIES, ORIGINAL_VISCOSITIES, STORED_TOLERANCE
from demo.burgers.fields import InitialField, grid, random_field
from demo.burgers.solver import Discretisation, UnresolvedFlow, solve

ALL_VISCOSITIES = sorted(nu for viscosities in CLASSES.values() for nu in viscosities)


@pytest.fixture(scope="module")
def held() -> list[Target]:
    return targets(71, 12)


@pytest.mark.parametrize("viscosity", ALL_VISCOSITIES)
def test_references_match_the_cole_hopf_solution_to_1e_8(
    held: list[Target], viscosity: float
) -> None:
    cases = [target for target in held if target.inputs.viscosity == viscosity]
    assert len(cases) == 2
    for target in cases:
        exact = exact_solution(target.field, TIMES, viscosity=viscosity, points=POINTS, lattice=512)
        assert np.abs(target.answer - exact).max() < 1e-8


def test_a_round_of_twelve_holds_every_class_and_viscosity_equally(
    held: list[Target],
) -> None:
    drawn = [t.inputs for t in held]
    assert len({t.slug for t in drawn}) == 12
    for label, viscosities in CLASSES.items():
        for viscosity in viscosities:
            assert sum((t.label, t.viscosity) == (label, viscosity) for t in drawn) == 2


def test_fronts_grow_sharper_from_smooth_to_steep_to_shock(held: list[Target]) -> None:
    sharpest = {
        label: max(
            float(np.abs(np.diff(target.answer, axis=1)).max())
            for target in held
            if target.inputs.label == label
        )
        for label in CLASSES
    }
    assert sharpest["smooth"] < 0.1 < sharpest["steep"] < 0.3
    # A front that falls by this much from one point to the next is a shock on this grid.
    assert sharpest["shock"] > 0.5


def test_cole_hopf_quadrature_no_longer_changes_when_its_lattice_is_refined() -> None:
    field, times = random_field(np.random.default_rng(5)), np.array([0.05, 0.5])
    coarse, fine = (
        exact_solution(field, times, viscosity=0.01 / np.pi, points=64, lattice=lattice)
        for lattice in (512, 2048)
    )
    assert np.abs(coarse - fine).max() < 1e-12


def test_cole_hopf_reproduces_a_closed_form_solution() -> None:
    # theta = 2 + cos(2 pi x) exp(-4 pi^2 nu t) solves the heat equation; u = -2 nu theta_x/theta.
    viscosity, time, x = 0.05, 0.3, grid(64)
    decay = np.exp(-4 * np.pi**2 * viscosity * time)

    def closed_form(x: FloatArray, factor: float) -> FloatArray:
        wave = 2 * np.pi * x
        return 4 * np.pi * viscosity * factor * np.sin(wave) / (2 + factor * np.cos(wave))

    spectrum = np.fft.rfft(closed_form(grid(256), 1.0)) / 256
    field = InitialField(0.0, spectrum[1:40])
    found = exact_solution(field, np.array([time]), viscosity=viscosity, points=64)
    assert np.abs(found[0] - closed_form(x, decay)).max() < 1e-12


def test_cole_hopf_refuses_a_lattice_that_misses_the_grid() -> None:
    with pytest.raises(ValueError, match="multiple of points"):
        exact_solution(
            InitialField(0.0, np.ones(1) + 0j), TIMES, viscosity=0.1, points=60, lattice=128
        )


def test_the_mean_is_conserved_to_rounding(held: list[Target]) -> None:
    for target in held:
        if target.inputs.label != "shock":
            drift = target.answer.mean(axis=1) - target.inputs.initial.mean()
            assert np.abs(drift).max() < 1e-14


def test_the_mean_of_a_shock_is_conserved_to_rounding_where_the_grid_resolves_it() -> None:
    # On 256 points the sharpest fronts alias, so their mean is asked for on a finer grid.
    field = random_field(np.random.default_rng(21))
    found = solve(field.sample(grid(1024))[None], np.array([0.2, 0.4]), viscosity=0.01 / np.pi)
    assert np.abs(found.mean(axis=2) - field.mean).max() < 1e-14


def test_energy_never_grows(held: list[Target]) -> None:
    for target in held:
        flow = np.vstack([target.inputs.initial, target.answer])
        assert np.all(np.diff(np.mean(flow**2, axis=1)) < 0)


def _error(points: int, step: float, *, output_points: int) -> float:
    """Largest error of a smooth flow at time 0.32 on a given internal grid and step."""
    field, times = random_field(np.random.default_rng(3)), np.array([0.32])
    exact = exact_solution(field, times, viscosity=0.02, points=output_points)
    found = solve(
        field.sample(grid(output_points))[None],
        times,
        viscosity=0.02,
        discretisation=Discretisation(points, step),
    )
    return float(np.abs(found[0] - exact).max())


def test_halving_the_step_gains_a_factor_near_two_to_the_eighth() -> None:
    errors = [_error(256, step, output_points=64) for step in (16e-3, 8e-3)]
    assert errors[1] > 1e-12  # rounding does not hide the order
    assert 6.5 < np.log2(errors[0] / errors[1]) < 9.5


def test_refining_the_internal_grid_converges_exponentially() -> None:
    errors = [_error(points, 1e-3, output_points=32) for points in (64, 96, 128)]
    assert errors[0] / errors[1] > 100
    assert errors[1] / errors[2] > 100
    assert errors[2] < 1e-10


def test_a_flow_that_its_grid_cannot_carry_is_refused() -> None:
    noise = np.random.default_rng(6).normal(size=(1, 64))
    with pytest.raises(UnresolvedFlow, match="highest modes still carry"):
        solve(noise, np.array([1e-6]), viscosity=1.0)


def test_an_internal_grid_that_misses_the_output_points_is_refused() -> None:
    with pytest.raises(ValueError, match="no multiple"):
        solve(np.zeros((1, 64)), TIMES, viscosity=0.1, discretisation=Discretisation(100, 1e-3))


def test_a_flow_at_rest_stays_at_rest() -> None:
    still = np.full((1, 32), 0.25)
    assert np.abs(solve(still, TIMES, viscosity=0.01) - 0.25).max() < 1e-15


@pytest.mark.parametrize("viscosity", [min(EXTRA_VISCOSITIES), min(ORIGINAL_VISCOSITIES)])
def test_training_flows_match_cole_hopf_to_single_precision(viscosity: float) -> None:
    field, times = random_field(np.random.default_rng(8)), np.array([0.25, 1.0])
    found = solve(
        field.sample(grid(128))[None], times, viscosity=viscosity, tolerance=STORED_TOLERANCE
    )
    exact = exact_solution(field, times, viscosity=viscosity, points=128)
    assert np.abs(found[0] - exact).max() < 1e-6
