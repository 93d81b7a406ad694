"""
Measurements on a network: how far its gradients reach, why, and what they cost.

========================  ===========================================================
question                  answer
========================  ===========================================================
who changes the weights?  `contributions`: ∂L_t/∂θ through the copy at step s
how far does a loss see?  `credit_map`: ∂L_t/∂h_s; `norm_by_lag`: ‖∂L/∂h_{T-n}‖
what does one step do?    `step_jacobian`: ∂s_t/∂s_{t-1}
what do many steps do?    `jacobian_product`: ∂s_t/∂s_r; `reach`: its norm by lag;
                          `growth_rates`: its logarithm, without overflow
what can be foretold?     `spectral_radius`, `largest_singular_value`, `norm_bound`,
                          `sufficient_to_vanish`
where does it get lost?   `saturation`; `cell_path`: what an LSTM's gates let through
what does it cost?        `tape_bytes`, `operations`
========================  ===========================================================
"""
from bpttlib.diagnostics.bounds import (
    largest_singular_value,
    norm_bound,
    spectral_radius,
    sufficient_to_vanish,
)
from bpttlib.diagnostics.costs import Operations, operations, tape_bytes
from bpttlib.diagnostics.gates import cell_path, saturation
from bpttlib.diagnostics.gradients import contributions, credit_map, norm_by_lag
from bpttlib.diagnostics.jacobians import growth_rates, jacobian_product, reach, step_jacobian

__all__ = ["Operations", "cell_path", "contributions", "credit_map", "growth_rates",
           "jacobian_product", "largest_singular_value", "norm_bound", "norm_by_lag",
           "operations", "reach", "saturation", "spectral_radius", "step_jacobian",
           "sufficient_to_vanish", "tape_bytes"]
