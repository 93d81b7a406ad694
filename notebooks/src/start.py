# %% [markdown]
# # Backpropagation through time
#
# Welcome. This course takes you from a single shared weight to training recurrent networks on real
# sequences. You will derive every gradient, see it run, and check it in a second, independent way. You
# need derivatives, matrix products and a little NumPy; here and there eigenvalues, and in unit 07 singular
# values.
#
# | unit | you will be able to … | minutes |
# |---|---|---|
# | [00 · Shared weights and the chain rule](00_shared_weights.ipynb) | say why the gradients of tied weights add up, and check any derivative | 60 |
# | [01 · Unfolding an Elman network](01_unfolding.ipynb) | draw, shape and run the unfolded network | 75 |
# | [02 · BPTT on two numbers](02_two_numbers.ipynb) | do it by hand, and look at a whole loss surface | 75 |
# | [03 · Full backpropagation through time](03_full_bptt.ipynb) | write the backward pass, and forecast sunspots | 90 |
# | [04 · Debugging a backward pass](04_debugging.ipynb) | find which tensor and which time step is wrong | 75 |
# | [05 · Truncated BPTT and streaming state](05_truncation.ipynb) | tell windows from chunks, and measure the bias | 90 |
# | [06 · Randomised truncation, RTRL, checkpointing](06_exact_alternatives.ipynb) | trade bias, variance, memory and time | 90 |
# | [07 · Vanishing and exploding gradients](07_vanishing_exploding.ipynb) | predict what a gradient will do, and say what is proved | 90 |
# | [08 · Clipping, initialisation, optimisers](08_clipping_init_optimisers.ipynb) | keep a gradient in hand, and choose by measurement | 90 |
# | [09 · LSTM](09_lstm.ipynb) | derive the gates' gradients, and follow the cell state | 90 |
# | [10 · GRU, stacked and bidirectional networks](10_gru_stacks.ipynb) | compare cells at equal parameters | 90 |
# | [11a · Language](11a_language.ipynb) | train on a stream of characters, sample, and beat n-grams | 60 |
# | [11b · Conversation](11b_conversation.ipynb) | answer from a memory of five messages | 60 |
# | [11c · Speech](11c_speech.ipynb) | tell speakers apart, with utterances of many lengths | 60 |
# | [11d · Time series](11d_time_series.ipynb) | forecast with error bars, against strong baselines | 60 |
# | [12 · Bridge to frameworks](12_frameworks.ipynb) | find all of this in PyTorch, JAX and Keras | 60 |
#
# Take them in order; each says what it needs. Unit 06 may wait, and of 11a to 11d one is enough for a
# first time: the [project](../exercises/11/11.ipynb) then does the same with data of your choice.
#
# Six larger experiments, to touch and to show:
#
# | experiment | in unit |
# |---|---|
# | `unfolding_machine` · the network unfolds, δ travels back, the sum of all copies grows | [03](03_full_bptt.ipynb) |
# | `map_of_credit` · which loss reaches which state, and what truncation cuts | [05](05_truncation.ipynb) |
# | `gradient_microscope` · the norm against the lag, and what is proved about it | [07](07_vanishing_exploding.ipynb) |
# | `descent_on_two_numbers` · a cliff, with and without clipping | [08](08_clipping_init_optimisers.ipynb) |
# | `train_it_live` · all hyper-parameters, while it trains | [08](08_clipping_init_optimisers.ipynb) |
# | `gates_at_work` · where an LSTM or a GRU keeps its memory, and loses it | [09](09_lstm.ipynb) |
#
# In a notebook of your own, `from bpttlib.widgets import unfolding_machine` and `unfolding_machine()` is all.
#
# ## How to study
#
# - **Predict before you run.** Each unit starts with a question. Write your answer down; being wrong on
#   paper is the cheapest way to learn.
# - Run the cells from top to bottom with `Shift`+`Enter`. `Kernel → Restart Kernel and Run All Cells`
#   starts afresh.
# - **Experiments** have sliders, which appear when their cell has run. Click one, then use the arrow keys.
#   Each comes with things to try.
# - **Your turn** needs a new cell: press `Esc`, then `b`. Each task can be checked with the tools of its unit.
# - **Exercises** with points lie in the folder `exercises`; units 00 to 10 link theirs. You write a function
#   and run `check("name", function)`, which says what is right and, where it can, which mistake it sees.
#   `hint("name")` opens one hint at a time, at no cost. Those of units 00 to 10 give 100 points in all; parts of
#   an exercise earn points of their own, you may try as often as you like, and your best try counts.
#   `progress()` shows what you have. It is kept in `work/progress.json`, a file that is yours: nothing sends
#   it anywhere, and you can read, copy or delete it.
# - **Five questions** close each unit. Decide, then open your answer: it says whether it is right, and why.
#   By keyboard, `Tab` goes from answer to answer, and `Enter` opens one.
# - You work on copies in the folder `work`, which are yours: nothing overwrites them. To start one
#   afresh, delete it in the list of files at the left, stop JupyterLab with `Ctrl`+`C` in its terminal,
#   and run `python3 course.py lab` again.
#
# Symbols have a page of their own, [notation](../docs/notation.md), and so have terms,
# [glossary](../docs/glossary.md). The library that the notebooks use is short and meant to be read; begin
# with [bptt.py](../bpttlib/bptt.py) and [the cells](../bpttlib/cells/elman.py).
