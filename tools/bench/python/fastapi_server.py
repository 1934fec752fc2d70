"""A server of sentence-transformers on FastAPI: POST /embed {"inputs": text}. It computes together what waits, up to 32 texts.

python fastapi_server.py FOLDER THREADS: says on a line of JSON where it listens.
"""

import asyncio
import contextlib
import json
import socket
import sys

import fastapi
import pydantic
import sentence_transformers
import torch
import uvicorn

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
model = sentence_transformers.SentenceTransformer(folder, device="cpu")
waiting = asyncio.Queue()


class EmbedRequest(pydantic.BaseModel):
    inputs: str


async def compute():
    while True:
        batch = [await waiting.get()]
        while len(batch) < 32 and not waiting.empty():
            batch.append(waiting.get_nowait())
        texts = [text for text, _ in batch]
        rows = await asyncio.to_thread(model.encode, texts, batch_size=32, show_progress_bar=False)
        for (_, answer), row in zip(batch, rows):
            if not answer.done():
                answer.set_result(row.tolist())


@contextlib.asynccontextmanager
async def computing(_):
    task = asyncio.create_task(compute())
    yield
    task.cancel()


app = fastapi.FastAPI(lifespan=computing)


@app.post("/embed")
async def embed(request: EmbedRequest):
    answer = asyncio.get_running_loop().create_future()
    await waiting.put((request.inputs, answer))
    return [await answer]


model.encode(["a first text"])
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
print(json.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}"}), flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[listener])
