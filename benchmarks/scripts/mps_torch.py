"""The matrix-product classifier as an eager PyTorch loop over sites: loss and CPU times."""

import time

import torch
from exchange import inputs, reply

arguments, arrays = inputs()
torch.set_num_threads(1)
parameters = [torch.from_numpy(arrays[name]).requires_grad_() for name in ("left", "centre", "right")]
vectors, label = torch.from_numpy(arrays["vectors"]), torch.from_numpy(arrays["label"])
optimiser = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=1e-4)
FLOOR = 1e-6


def carried(cores, vectors):
    """e_0 A1 ... An for each row, brought to a largest component of 1 at every site."""
    v = torch.zeros(len(vectors), cores.shape[1])
    v[:, 0] = 1.0
    for site in range(len(cores)):
        joined = (v[:, :, None] * vectors[:, site, None, :]).reshape(len(v), -1)
        v = joined @ cores[site].reshape(joined.shape[1], -1)
        v = v / v.detach().abs().amax(dim=1, keepdim=True)
    return v


def loss():
    left, centre, right = parameters
    a = carried(left, vectors)
    b = carried(right.flip(0).transpose(1, 3), vectors[:, len(left) + 1 :].flip(1))
    opened = (a @ centre.reshape(len(centre), -1)).reshape(len(a), *centre.shape[1:])
    f = torch.einsum("bdcr,bd,br->bc", opened, vectors[:, len(left)], b)
    share = f**2 / (f**2).sum(dim=1, keepdim=True)
    return -torch.log((share + FLOOR / 2) / (1 + FLOOR)).gather(1, label[:, None]).mean()


def step():
    optimiser.zero_grad()
    value = loss()
    value.backward()
    optimiser.step()
    return float(value.detach())


losses, times = [step() for _ in range(3)], []
for _ in range(arguments["repetitions"]):
    start = time.process_time()
    step()
    times.append(time.process_time() - start)
reply({"step": sorted(times)[len(times) // 2], "losses": losses, "version": torch.__version__})
