"""A matrix-product classifier of tn4ml, trained by Adam on all tensors: the CPU time of a step."""

import time
from importlib.metadata import version

import jax
import numpy as np
import optax
from exchange import inputs, reply
from tn4ml.embeddings import LinearComplementEmbedding
from tn4ml.initializers import randn
from tn4ml.metrics import OptaxWrapper
from tn4ml.models.smpo import SMPO_initialize
from tn4ml.util import TrainingType

arguments, arrays = inputs()
sites, bond, size = arguments["sites"], arguments["bond"], arguments["size"]
x, label = arrays["x"], arrays["label"]


class Clock:
    """Stands in for early stopping, which is called after each epoch: notes the CPU time."""

    monitor = "loss"

    def on_begin_train(self, history, model):
        self.times = []

    def on_end_epoch(self, current, epoch, model):
        self.times.append(time.process_time())
        return 0


model = SMPO_initialize(
    L=sites,
    initializer=randn(1e-2),
    key=jax.random.key(0),
    shape_method="even",
    spacing=sites,
    bond_dim=bond,
    phys_dim=(size, 2),
    cyclic=False,
    compress=False,
    add_identity=True,
    boundary="obc",
)
model.configure(
    optimizer=optax.adam,
    strategy="global",
    loss=OptaxWrapper(optax.softmax_cross_entropy),
    train_type=TrainingType.SUPERVISED,
    learning_rate=1e-4,
)
clock = Clock()
history = model.train(
    inputs=x,
    targets=np.eye(2)[label],
    batch_size=arguments["batch"],
    epochs=arguments["epochs"],
    embedding=LinearComplementEmbedding(size),
    earlystop=clock,
)
steps = len(x) // arguments["batch"]
values = {
    "step": float(np.median(np.diff(clock.times)[1:]) / steps),
    "first": clock.times[0],
    "parameters": int(model.nparams()),
    "version": version("tn4ml"),
}
reply(values)
