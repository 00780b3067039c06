"""The convolutional autoencoder in eager PyTorch, from given weights: its loss and CPU times of both uses."""

import time
from itertools import pairwise

import numpy as np
import torch
from exchange import inputs, reply
from torch import nn

arguments, arrays = inputs()
torch.set_num_threads(1)
wide, narrow, hidden, latent = (arguments[name] for name in ("wide", "narrow", "hidden", "latent"))
half = arguments["pixels"] // 2
flat = half * half * narrow


def convolutions(*sizes):
    for a, b in pairwise(sizes):
        yield from (nn.Conv2d(a, b, 3, padding=1), nn.PReLU(b))


def dense(*sizes):
    for a, b in pairwise(sizes):
        yield from (nn.Linear(a, b), nn.PReLU(b))


network = nn.Sequential(
    *convolutions(1, wide, wide),
    nn.AvgPool2d(2),
    *convolutions(wide, narrow, narrow),
    nn.Flatten(),
    *dense(flat, hidden, latent, hidden, flat),
    nn.Unflatten(1, (narrow, half, half)),
    *convolutions(narrow, narrow, wide),
    nn.Upsample(scale_factor=2),
    *convolutions(wide, wide),
    nn.Conv2d(wide, 1, 3, padding=1),
)
with torch.no_grad():
    for index, parameter in enumerate(network.parameters()):
        parameter.copy_(torch.from_numpy(arrays[f"weight{index}"]))
images = torch.from_numpy(np.ascontiguousarray(arrays["images"].transpose(0, 3, 1, 2)))
optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-4)


def step():
    optimiser.zero_grad()
    loss = ((network(images) - images) ** 2).mean()
    loss.backward()
    optimiser.step()
    return float(loss)


def score():
    with torch.no_grad():
        return ((network(images) - images) ** 2).mean(dim=(1, 2, 3)).numpy()


def cpu_seconds(work):
    work()
    times = []
    for _ in range(arguments["repetitions"]):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return sorted(times)[len(times) // 2]


scores = score()
losses = [step() for _ in range(3)]
values = {
    "step": cpu_seconds(step),
    "score": cpu_seconds(score),
    "losses": losses,
    "version": torch.__version__,
}
reply(values, scores=scores)
