/**
 * What the page at `/` does, sent to browsers as its own source text: so it uses nothing from outside itself. Whatever comes from a text
 * or from the server is put into the page as text.
 */
export function pageScript(): void {
  const one = <Kind extends HTMLElement>(id: string) => document.getElementById(id) as Kind; // the page beside has them all
  const [key, model, status] = [one<HTMLInputElement>("key"), one<HTMLSelectElement>("model"), one("status")];

  const headers = (): Record<string, string> => (key.value === "" ? {} : { authorization: `Bearer ${key.value}` });

  async function ask(path: string, body?: object): Promise<unknown> {
    status.textContent = "…";
    const begun = performance.now();
    const response = await fetch(path, {
      headers: { ...headers(), "content-type": "application/json" },
      ...(body === undefined
        ? {}
        : { method: "POST", body: JSON.stringify({ ...body, ...(model.value === "" ? {} : { model: model.value }) }) }),
    });
    const answer = (await response.json()) as { error?: string };
    one("asked-key").hidden = response.status !== 401 && key.value === "";
    if (!response.ok) throw new Error(answer.error ?? `status ${response.status}`);
    const took = response.headers.get("x-inference-time");
    status.textContent = `${Math.round(performance.now() - begun)} ms${took === null ? "" : `, ${took} of them in the model`}`;
    return answer;
  }

  const tell = (error: unknown) => {
    status.textContent = error instanceof Error ? error.message : String(error);
  };
  const on = (id: string, act: () => Promise<void>) => {
    one(id).addEventListener("submit", (event) => {
      event.preventDefault();
      act().catch(tell);
    });
  };
  const cell = (text: string, className = "") => {
    const made = document.createElement("td");
    made.textContent = text;
    made.className = className;
    return made;
  };

  on("compare", async () => {
    const [first, second] = [one<HTMLInputElement>("first").value, one<HTMLInputElement>("second").value];
    const [score = 0] = (await ask("/similarity", {
      inputs: { source_sentence: first, sentences: [second] },
    })) as number[];
    one("score").textContent = score.toFixed(4);
    one<HTMLMeterElement>("meter").value = score;
  });

  on("search", async () => {
    const lines = one<HTMLTextAreaElement>("list")
      .value.split("\n")
      .filter((line) => line.trim() !== "");
    const inputs = { source_sentence: one<HTMLInputElement>("query").value, sentences: lines };
    const scores = (await ask("/similarity", { inputs })) as number[];
    const ranked = lines.map((line, i) => ({ line, score: scores[i] ?? 0 })).sort((a, b) => b.score - a.score);
    const rows = ranked.map(({ line, score }) => {
      const row = document.createElement("tr");
      row.append(cell(score.toFixed(4), "number"), cell(line));
      return row;
    });
    one("ranking").replaceChildren(...rows);
  });

  on("tokenize", async () => {
    type Token = { id: number; text: string; special: boolean };
    const [tokens = []] = (await ask("/tokenize", { inputs: one<HTMLInputElement>("text").value })) as Token[][];
    const marks = tokens.map(({ id, text, special }) => {
      const mark = document.createElement("span");
      mark.textContent = text;
      mark.title = `id ${id}`;
      mark.className = special ? "token special" : "token";
      return mark;
    });
    one("tokens").replaceChildren(...marks);
    one("count").textContent = `${tokens.length} tokens`;
  });

  async function begin(): Promise<void> {
    type Info = { models: { model_id: string; dimension: number; max_input_length: number }[] };
    const { models } = (await ask("/info")) as Info;
    const options = models.map(({ model_id, dimension, max_input_length }) => {
      const option = document.createElement("option");
      option.value = model_id;
      option.textContent = `${model_id}: ${dimension} numbers, reads ${max_input_length} tokens`;
      return option;
    });
    model.replaceChildren(...options);
    status.textContent = "";
  }
  key.addEventListener("change", () => {
    begin().catch(tell);
  });
  begin().catch(tell);
}
