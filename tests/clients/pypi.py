"""PyPI's openai and litellm against /v1. Prints got, expected and name of each check, tab-separated."""
import asyncio
import json
import sys

import litellm
import openai

litellm.suppress_debug_info = True  # it would print among the checks
url, key = sys.argv[1:3]
client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)
MODELS = ["gpt-4o-mini", "claude-3-haiku", "gemini-2.0-flash"]
LOOK = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}}}


def check(got, expected, name):
    print(json.dumps(got), json.dumps(expected), name, sep="\t")


def question(text):
    return [{"role": "user", "content": text}]


def failure(work):
    try:
        work()
    except Exception as error:  # whatever a client raises is what is checked
        return type(error).__name__
    return None


def chat(model):
    whole = client.chat.completions.create(model=model, messages=question("x [[say:Hello.]]"))
    check([whole.choices[0].message.content, whole.choices[0].finish_reason], ["Hello.", "stop"], f"python: {model} answers")
    stream = client.chat.completions.create(model=model, messages=question("x [[say:Hello.]]"), stream=True, stream_options={"include_usage": True})
    text, usage = "", None
    for chunk in stream:
        text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
        usage = chunk.usage or usage
    check([text, usage.total_tokens], ["Hello.", whole.usage.total_tokens], f"python: {model} streams, with its usage")
    called = client.chat.completions.create(model=model, messages=question("x [[tool:look]]"), tools=[LOOK])
    check(json.loads(called.choices[0].message.tool_calls[0].function.arguments), {"q": "x"}, f"python: {model} calls a tool")
    answer = client.responses.create(model=model, input="x [[say:Hello.]]", store=False)
    check(answer.output_text, "Hello.", f"python: {model} by responses")


async def at_once():
    many = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=5)
    answers = await asyncio.gather(*(many.chat.completions.create(model="gpt-4o-mini", messages=question(f"x [[say:{i}]]")) for i in range(20)))
    check([answer.choices[0].message.content for answer in answers], [str(i) for i in range(20)], "python: 20 at once, repeated where the server says so")


def others():
    check(failure(lambda: client.chat.completions.create(model="gpt-99", messages=question("x"))), "NotFoundError", "python: an unknown model")
    stranger = openai.OpenAI(base_url=f"{url}/v1", api_key="lc-0000", max_retries=0)
    check(failure(stranger.models.list), "AuthenticationError", "python: another key")


def by_litellm():
    to = {"api_base": f"{url}/v1", "api_key": key, "num_retries": 0}
    whole = litellm.completion(model="openai/claude-3-haiku", messages=question("x [[say:Hello.]]"), **to)
    check(whole.choices[0].message.content, "Hello.", "litellm: OpenAI's format")
    text = ""
    for chunk in litellm.completion(model="openai/gpt-4o-mini", messages=question("x [[say:Hello.]]"), stream=True, **to):
        text += chunk.choices[0].delta.content or ""
    check(text, "Hello.", "litellm: a stream")
    to["api_base"] = url
    whole = litellm.completion(model="anthropic/claude-3-haiku", messages=question("x [[say:Hello.]]"), max_tokens=99, **to)
    check(whole.choices[0].message.content, "Hello.", "litellm: Anthropic's format")
    to["api_base"] = f"{url}/v1"
    check(failure(lambda: litellm.completion(model="openai/gpt-99", messages=question("x"), **to)), "NotFoundError", "litellm: an unknown model")


for name in MODELS:
    chat(name)
asyncio.run(at_once())
others()
by_litellm()
