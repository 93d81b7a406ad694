# %% [markdown]
# # Backpropagation through time
#
# Welcome. This course takes you from a single shared weight to training recurrent networks on real
# sequences. You will derive every gradient, see it run, and check it against something that is not
# itself.
#
# | unit | you will be able to … | minutes |
# |---|---|---|
# | [00 · Shared weights and the chain rule](00_shared_weights.ipynb) | say why the gradients of tied weights add up, and check any derivative | 60 |
# | [01 · Unfolding an Elman network](01_unfolding.ipynb) | draw, shape and run the unfolded network | 75 |
# | [02 · BPTT on two numbers](02_two_numbers.ipynb) | do it by hand, and look at a whole loss surface | 75 |
# | [03 · Full backpropagation through time](03_full_bptt.ipynb) | write the backward pass, and forecast the sun | 90 |
#
# ## How to study
#
# - **Predict before you run.** Each unit starts with a question. Write your answer down; being wrong on
#   paper is the cheapest way to learn.
# - Run the cells from top to bottom with `Shift`+`Enter`. `Kernel → Restart Kernel and Run All Cells`
#   starts afresh.
# - **Experiments** have sliders. Click one, then use the arrow keys. Each comes with things to try.
# - **Your turn** needs a new cell: press `Esc`, then `b`. You work on copies in the folder `work`, which
#   are yours: nothing overwrites them. To start one afresh, delete it, and run `course.py lab` again.
# - Five questions close each unit. Answer, then open.
#
# Symbols and terms have one page: [notation](../docs/notation.md). The library that the notebooks use is
# short and meant to be read; begin with [bptt.py](../bpttlib/bptt.py) and
# [cells.py](../bpttlib/cells.py).
