/* Refusals as providers' servers send them, and the verdicts on them. */
#include "../chat_test.h"
#include "chat/provider/provider.h"
#include "chat/provider/retry_after.h"
#include "chat/provider/words.h"

#define ERROR(message, type, code)                                 \
	"{\"error\":{\"message\":\"" message "\",\"type\":\"" type \
	"\",\"param\":null,\"code\":" code "}}"
#define PARAM(message, type, param, code)                                                  \
	"{\"error\":{\"message\":\"" message "\",\"type\":\"" type "\",\"param\":\"" param \
	"\",\"code\":\"" code "\"}}"
#define ROUTER(code, message) "{\"error\":{\"message\":\"" message "\",\"code\":" code "}}"
#define ANTHROPIC(type, message) \
	"{\"type\":\"error\",\"error\":{\"type\":\"" type "\",\"message\":\"" message "\"}}"
#define GEMINI(code, status, message) \
	"[{\"error\":{\"code\":" code ",\"message\":\"" message "\",\"status\":\"" status "\"}}]"
#define VLLM(code, type, message)                                            \
	"{\"object\":\"error\",\"message\":\"" message "\",\"type\":\"" type \
	"\",\"param\":null,\"code\":" code "}"
#define LLAMA(code, type, message) \
	"{\"error\":{\"code\":" code ",\"message\":\"" message "\",\"type\":\"" type "\"}}"

static const struct {
	const char *from;
	int32_t status;
	const char *retry_after, *body;
	enum fault_kind kind;
	const char *reason;
	int64_t retry_after_ms; /* -1: none */
	int32_t fewer_tokens;
	uint8_t parameter;
} cases[] = {
	/* The key. */
	{"OpenAI", 401, NULL,
	 ERROR("Incorrect API key provided: sk-abc.", "invalid_request_error",
	       "\"invalid_api_key\""),
	 FAULT_KEY, "provider_account", -1, 0, 0},
	{"OpenAI", 429, NULL,
	 ERROR("You exceeded your current quota, please check your plan and billing details.",
	       "insufficient_quota", "\"insufficient_quota\""),
	 FAULT_KEY, "provider_account", -1, 0, 0},
	{"OpenAI", 403, NULL,
	 ERROR("The account is deactivated.", "invalid_request_error", "\"account_deactivated\""),
	 FAULT_KEY, "provider_account", -1, 0, 0},
	{"OpenAI", 400, NULL,
	 ERROR("Billing hard limit has been reached", "invalid_request_error",
	       "\"billing_hard_limit_reached\""),
	 FAULT_KEY, "provider_account", -1, 0, 0},
	{"OpenRouter", 401, NULL, ROUTER("401", "No auth credentials found"), FAULT_KEY,
	 "provider_account", -1, 0, 0},
	{"OpenRouter", 402, NULL,
	 ROUTER("402",
		"Insufficient credits. Add more using https://openrouter.ai/settings/credits"),
	 FAULT_KEY, "provider_account", -1, 0, 0},
	{"OpenRouter", 403, NULL,
	 ROUTER("403", "Key limit exceeded (total limit). Manage it using "
		       "https://openrouter.ai/settings/keys"),
	 FAULT_KEY, "provider_account", -1, 0, 0},
	{"DeepSeek", 402, NULL,
	 ERROR("Insufficient Balance", "unknown_error", "\"invalid_request_error\""), FAULT_KEY,
	 "provider_account", -1, 0, 0},
	{"Anthropic", 401, NULL, ANTHROPIC("authentication_error", "invalid x-api-key"), FAULT_KEY,
	 "provider_account", -1, 0, 0},
	{"Anthropic", 400, NULL,
	 ANTHROPIC("invalid_request_error", "Your credit balance is too low to access the "
					    "Anthropic API. Please go to Plans & Billing."),
	 FAULT_KEY, "provider_account", -1, 0, 0},
	{"Gemini", 400, NULL,
	 GEMINI("400", "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
	 FAULT_KEY, "provider_account", -1, 0, 0},
	{"Gemini", 400, NULL,
	 "{\"error\":{\"code\":400,\"message\":\"x\",\"status\":\"INVALID_ARGUMENT\",\"details\":"
	 "[{\"@type\":\"type.googleapis.com/"
	 "google.rpc.ErrorInfo\",\"reason\":\"API_KEY_INVALID\"}]}}",
	 FAULT_KEY, "provider_account", -1, 0, 0},
	{"Gemini", 429, NULL,
	 "{\"error\":{\"code\":429,\"message\":\"Resource has been exhausted\",\"status\":"
	 "\"RESOURCE_EXHAUSTED\",\"details\":[{\"@type\":\"type.googleapis.com/"
	 "google.rpc.RetryInfo\","
	 "\"retryDelay\":\"37s\"}]}}",
	 FAULT_BUSY, "provider_busy", 37000, 0, 0},
	{"Responses", 400, NULL,
	 PARAM("Your organization must be verified to generate reasoning summaries.",
	       "invalid_request_error", "reasoning.summary", "unsupported_value"),
	 FAULT_PARAMETER, "parameter_refused", -1, 0, PARAMETER_REASONING_SUMMARY},
	{"Anthropic", 400, NULL,
	 ANTHROPIC("invalid_request_error",
		   "\\\"thinking.type.enabled\\\" is not supported for this model. Use "
		   "\\\"thinking.type.adaptive\\\" and \\\"output_config.effort\\\"."),
	 FAULT_PARAMETER, "parameter_refused", -1, 0, PARAMETER_THINKING_BUDGET},
	{"Gemini", 403, NULL,
	 GEMINI("403", "PERMISSION_DENIED",
		"Your API key was reported as leaked. Please use another API key."),
	 FAULT_KEY, "provider_account", -1, 0, 0},
	{"Azure", 401, NULL,
	 "{\"error\":{\"code\":\"401\",\"message\":\"Access denied due to invalid subscription key "
	 "or wrong API endpoint.\"}}",
	 FAULT_KEY, "provider_account", -1, 0, 0},
	{"vLLM", 401, NULL, "{\"error\":\"Unauthorized\"}", FAULT_KEY, "provider_account", -1, 0,
	 0},
	{"llama.cpp", 401, NULL, LLAMA("401", "authentication_error", "Invalid API Key"), FAULT_KEY,
	 "provider_account", -1, 0, 0},
	{"proxy", 401, NULL, "<html><h1>401 Authorization Required</h1></html>", FAULT_KEY,
	 "provider_account", -1, 0, 0},
	{"anybody", 401, NULL, "", FAULT_KEY, "provider_account", -1, 0, 0},
	{"in band", 200, NULL,
	 ERROR("Incorrect API key provided", "invalid_request_error", "\"invalid_api_key\""),
	 FAULT_KEY, "provider_account", -1, 0, 0},

	/* The price. */
	{"OpenRouter", 402, NULL,
	 ROUTER("402", "This request requires more credits, or fewer max_tokens. You requested up "
		       "to 65536 tokens, but can only afford 7690. To increase, visit "
		       "https://openrouter.ai/settings/credits"),
	 FAULT_PRICE, "provider_limit", -1, 7690, 0},
	{"OpenRouter", 402, NULL,
	 ROUTER("402", "Prompt tokens limit exceeded: 52000 > 17000. To increase, visit "
		       "https://openrouter.ai"),
	 FAULT_PRICE, "provider_limit", -1, 0, 0},
	{"anybody", 402, NULL, "", FAULT_PRICE, "provider_limit", -1, 0, 0},
	{"proxy", 402, NULL, "<html>402 Payment Required</html>", FAULT_PRICE, "provider_limit", -1,
	 0, 0},

	/* The prompt. */
	{"OpenAI", 400, NULL,
	 ERROR("Your request was rejected as a result of our safety system.",
	       "invalid_request_error", "\"content_policy_violation\""),
	 FAULT_FINAL, "prompt_flagged", -1, 0, 0},
	{"OpenAI", 400, NULL,
	 ERROR("Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
	       "invalid_request_error", "\"invalid_prompt\""),
	 FAULT_FINAL, "prompt_flagged", -1, 0, 0},
	{"OpenRouter", 403, NULL,
	 "{\"error\":{\"code\":403,\"message\":\"openai/gpt-4o requires moderation on OpenAI. Your "
	 "input was flagged for \\\"violence\\\". No credits were "
	 "charged.\",\"metadata\":{\"reasons\":[\"violence\"],\"flagged_input\":\"insufficient_"
	 "quota invalid api key\",\"provider_name\":\"OpenAI\"}}}",
	 FAULT_FINAL, "prompt_flagged", -1, 0, 0},
	{"Azure", 400, NULL,
	 "{\"error\":{\"message\":\"The response was filtered due to the prompt triggering Azure "
	 "OpenAI's content management "
	 "policy.\",\"type\":null,\"param\":\"prompt\",\"code\":\"content_filter\",\"status\":400,"
	 "\"innererror\":{\"code\":\"ResponsibleAIPolicyViolation\"}}}",
	 FAULT_FINAL, "prompt_flagged", -1, 0, 0},
	{"Anthropic", 400, NULL,
	 ANTHROPIC("invalid_request_error", "Output blocked by content filtering policy"),
	 FAULT_FINAL, "prompt_flagged", -1, 0, 0},
	{"Qwen", 400, NULL,
	 ERROR("Input data may contain inappropriate content.", "data_inspection_failed",
	       "\"data_inspection_failed\""),
	 FAULT_FINAL, "prompt_flagged", -1, 0, 0},
	{"OpenAI", 400, NULL,
	 PARAM("This model's maximum context length is 8192 tokens. However, your messages "
	       "resulted in 9000 tokens.",
	       "invalid_request_error", "messages", "context_length_exceeded"),
	 FAULT_FINAL, "context_too_long", -1, 0, 0},
	{"OpenAI", 400, NULL,
	 PARAM("This model's maximum context length is 4097 tokens. However, you requested 5000 "
	       "tokens (1000 in the messages, 4000 in the completion).",
	       "invalid_request_error", "messages", "context_length_exceeded"),
	 FAULT_FINAL, "context_too_long", -1, 3097, 0},
	{"OpenRouter", 400, NULL,
	 "{\"error\":{\"message\":\"Provider returned "
	 "error\",\"code\":400,\"metadata\":{\"raw\":\"{\\\"message\\\":\\\"Input is too long for "
	 "requested model.\\\"}\",\"provider_name\":\"Amazon Bedrock\"}}}",
	 FAULT_FINAL, "context_too_long", -1, 0, 0},
	{"Anthropic", 400, NULL,
	 ANTHROPIC("invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum"),
	 FAULT_FINAL, "context_too_long", -1, 0, 0},
	{"Anthropic", 413, NULL, ANTHROPIC("request_too_large", "Request exceeds the maximum size"),
	 FAULT_FINAL, "context_too_long", -1, 0, 0},
	{"Gemini", 400, NULL,
	 GEMINI("400", "INVALID_ARGUMENT",
		"The input token count (1200000) exceeds the maximum number of tokens allowed "
		"(1048576)."),
	 FAULT_FINAL, "context_too_long", -1, 0, 0},
	{"vLLM", 400, NULL,
	 VLLM("400", "BadRequestError",
	      "This model's maximum context length is 4096 tokens. However, your request has 5000 "
	      "input tokens. Please reduce the length of the input messages."),
	 FAULT_FINAL, "context_too_long", -1, 0, 0},
	{"vLLM", 400, NULL,
	 VLLM("400", "BadRequestError",
	      "'max_tokens' or 'max_completion_tokens' is too large: 8000. This model's maximum "
	      "context length is 8192 tokens and your request has 500 input tokens (8000 > 8192 - "
	      "500)."),
	 FAULT_FINAL, "context_too_long", -1, 7692, 0},
	{"llama.cpp", 400, NULL,
	 LLAMA("400", "exceed_context_size_error",
	       "the request exceeds the available context size. try increasing the context size or "
	       "enable context shift"),
	 FAULT_FINAL, "context_too_long", -1, 0, 0},
	{"llama.cpp", 500, NULL,
	 LLAMA("500", "server_error",
	       "the request exceeds the available context size, try increasing it"),
	 FAULT_FINAL, "context_too_long", -1, 0, 0},
	{"llama-cpp-python", 400, NULL,
	 ERROR("Requested tokens (5000) exceed context window of 2048", "invalid_request_error",
	       "\"context_length_exceeded\""),
	 FAULT_FINAL, "context_too_long", -1, 0, 0},
	{"llama-cpp-python in band", 200, NULL,
	 "{\"error\":{\"message\":\"Requested tokens (5000) exceed context window of 2048\"}}",
	 FAULT_FINAL, "context_too_long", -1, 0, 0},
	{"Mistral", 400, NULL,
	 "{\"object\":\"error\",\"message\":\"Prompt contains 40000 tokens and 0 draft tokens, too "
	 "large for model with 32768 maximum context "
	 "length\",\"type\":\"invalid_request_error\",\"code\":\"3051\"}",
	 FAULT_FINAL, "context_too_long", -1, 0, 0},
	{"nginx", 413, NULL,
	 "<html><head><title>413 Request Entity Too Large</title></head></html>", FAULT_FINAL,
	 "context_too_long", -1, 0, 0},
	{"llama.cpp", 500, NULL,
	 LLAMA("500", "server_error",
	       "Conversation roles must alternate user/assistant/user/assistant/... at row 4"),
	 FAULT_FINAL, "provider_refused", -1, 0, 0},
	{"anybody", 400, NULL, "{}", FAULT_FINAL, "provider_refused", -1, 0, 0},
	{"anybody", 400, NULL, "", FAULT_FINAL, "provider_refused", -1, 0, 0},
	{"anybody", 418, NULL, "", FAULT_FINAL, "provider_refused", -1, 0, 0},
	/* A user's words that a server quotes are no verdict on a key or a model. */
	{"a quoting server", 400, NULL,
	 ERROR("bad message: 'insufficient_quota invalid api key account_deactivated "
	       "model_not_found'",
	       "invalid_request_error", "null"),
	 FAULT_FINAL, "provider_refused", -1, 0, 0},
	{"a quoting server", 403, NULL,
	 ERROR("not allowed: 'key limit exceeded, insufficient credits'", "forbidden", "null"),
	 FAULT_UNCLEAR, "provider_refused", -1, 0, 0},
	{"a quoting server", 422, NULL,
	 "{\"detail\":[{\"type\":\"string_type\",\"loc\":[\"body\",\"messages\",0],\"msg\":\"Input "
	 "should be a valid string\",\"input\":\"insufficient_quota\"}]}",
	 FAULT_FINAL, "provider_refused", -1, 0, 0},

	/* A parameter. */
	{"OpenAI", 400, NULL,
	 PARAM("Unsupported parameter: 'max_tokens' is not supported with this model. Use "
	       "'max_completion_tokens' instead.",
	       "invalid_request_error", "max_tokens", "unsupported_parameter"),
	 FAULT_PARAMETER, "parameter_refused", -1, 0, PARAMETER_MAX_TOKENS},
	{"OpenAI by a gateway", 400, NULL,
	 "{\"error\":\"Unsupported parameter: 'max_tokens' is not supported with this model. Use "
	 "'max_completion_tokens' instead.\"}",
	 FAULT_PARAMETER, "parameter_refused", -1, 0, PARAMETER_MAX_TOKENS},
	{"OpenAI", 400, NULL,
	 PARAM("Unsupported value: 'temperature' does not support 0.2 with this model. Only the "
	       "default (1) value is supported.",
	       "invalid_request_error", "temperature", "unsupported_value"),
	 FAULT_PARAMETER, "parameter_refused", -1, 0, PARAMETER_TEMPERATURE},
	{"Azure", 400, NULL,
	 ERROR("Unrecognized request argument supplied: stream_options", "invalid_request_error",
	       "null"),
	 FAULT_PARAMETER, "parameter_refused", -1, 0, PARAMETER_STREAM_OPTIONS},
	{"vLLM", 400, NULL,
	 VLLM("400", "BadRequestError",
	      "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options'), 'msg': 'Extra "
	      "inputs are not permitted', 'input': {'include_usage': True}}]"),
	 FAULT_PARAMETER, "parameter_refused", -1, 0, PARAMETER_STREAM_OPTIONS},
	{"FastAPI", 422, NULL,
	 "{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"max_completion_tokens\"],"
	 "\"msg\":\"Extra inputs are not permitted\",\"input\":100}]}",
	 FAULT_PARAMETER, "parameter_refused", -1, 0, PARAMETER_MAX_COMPLETION_TOKENS},
	{"Mistral", 422, NULL,
	 "{\"object\":\"error\",\"message\":{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":["
	 "\"body\",\"stream_options\"],\"msg\":\"Extra inputs are not "
	 "permitted\"}]},\"type\":\"invalid_request_error\"}",
	 FAULT_PARAMETER, "parameter_refused", -1, 0, PARAMETER_STREAM_OPTIONS},
	{"Gemini", 400, NULL,
	 GEMINI("400", "INVALID_ARGUMENT",
		"Invalid JSON payload received. Unknown name \\\"stream_options\\\": Cannot find "
		"field."),
	 FAULT_PARAMETER, "parameter_refused", -1, 0, PARAMETER_STREAM_OPTIONS},
	{"Anthropic", 400, NULL,
	 ANTHROPIC("invalid_request_error", "`temperature` and `top_p` cannot both be specified "
					    "for this model. Please use only one."),
	 FAULT_PARAMETER, "parameter_refused", -1, 0, PARAMETER_TEMPERATURE},
	{"in band", 200, NULL,
	 PARAM("Unsupported parameter: 'top_p' is not supported with this model.",
	       "invalid_request_error", "top_p", "unsupported_parameter"),
	 FAULT_PARAMETER, "parameter_refused", -1, 0, PARAMETER_TOP_P},
	{"OpenAI", 400, NULL,
	 PARAM("max_tokens is too large: 20000. This model supports at most 16384 completion "
	       "tokens, whereas you provided 20000.",
	       "invalid_request_error", "max_tokens", "invalid_value"),
	 FAULT_FINAL, "parameter_refused", -1, 16384, 0},
	{"OpenAI", 400, NULL,
	 PARAM("Invalid 'temperature': decimal above maximum value.", "invalid_request_error",
	       "temperature", "decimal_above_max_value"),
	 FAULT_FINAL, "parameter_refused", -1, 0, 0},
	{"vLLM", 400, NULL,
	 VLLM("400", "BadRequestError", "[{'type': 'extra_forbidden', 'loc': ('body', 'foo')}]"),
	 FAULT_FINAL, "provider_refused", -1, 0, 0},

	/* The model. */
	{"OpenAI", 404, NULL,
	 ERROR("The model `gpt-9` does not exist or you do not have access to it.",
	       "invalid_request_error", "\"model_not_found\""),
	 FAULT_MODEL, "model_unavailable", -1, 0, 0},
	{"OpenAI", 403, NULL,
	 ERROR("Project `proj_a` does not have access to model `gpt-4o`", "invalid_request_error",
	       "\"model_not_found\""),
	 FAULT_MODEL, "model_unavailable", -1, 0, 0},
	{"OpenAI", 403, NULL,
	 ERROR("Country, region, or territory not supported", "request_forbidden",
	       "\"unsupported_country_region_territory\""),
	 FAULT_MODEL, "model_unavailable", -1, 0, 0},
	{"OpenRouter", 404, NULL, ROUTER("404", "No endpoints found for foo/bar."), FAULT_MODEL,
	 "model_unavailable", -1, 0, 0},
	{"OpenRouter", 404, NULL,
	 ROUTER("404", "No endpoints found that support the requested parameters."), FAULT_UNCLEAR,
	 "model_unavailable", -1, 0, 0},
	{"OpenRouter", 400, NULL, ROUTER("400", "foo/bar is not a valid model ID"), FAULT_UNCLEAR,
	 "model_unavailable", -1, 0, 0},
	{"Anthropic", 404, NULL, ANTHROPIC("not_found_error", "model: claude-9"), FAULT_MODEL,
	 "model_unavailable", -1, 0, 0},
	{"Anthropic", 403, NULL,
	 ANTHROPIC("permission_error",
		   "Your API key does not have permission to use the specified resource."),
	 FAULT_MODEL, "model_unavailable", -1, 0, 0},
	{"Gemini", 404, NULL,
	 GEMINI("404", "NOT_FOUND", "models/foo is not found for API version v1main"), FAULT_MODEL,
	 "model_unavailable", -1, 0, 0},
	{"Gemini", 400, NULL,
	 GEMINI("400", "FAILED_PRECONDITION", "User location is not supported for the API use."),
	 FAULT_MODEL, "model_unavailable", -1, 0, 0},
	{"Azure", 404, NULL,
	 "{\"error\":{\"code\":\"DeploymentNotFound\",\"message\":\"The API deployment for this "
	 "resource does not exist.\"}}",
	 FAULT_MODEL, "model_unavailable", -1, 0, 0},
	{"Ollama", 404, NULL,
	 ERROR("model \\\"llama9\\\" not found, try pulling it first", "api_error", "null"),
	 FAULT_MODEL, "model_unavailable", -1, 0, 0},
	{"Ollama", 404, NULL, "{\"error\":\"model 'llama9' not found\"}", FAULT_MODEL,
	 "model_unavailable", -1, 0, 0},
	{"vLLM", 404, NULL, VLLM("404", "NotFoundError", "The model `x` does not exist."),
	 FAULT_MODEL, "model_unavailable", -1, 0, 0},
	{"vLLM in band", 200, NULL, VLLM("404", "NotFoundError", "The model `x` does not exist."),
	 FAULT_MODEL, "model_unavailable", -1, 0, 0},
	{"nginx", 404, NULL, "<html>404 Not Found</html>", FAULT_MODEL, "model_unavailable", -1, 0,
	 0},

	/* Nobody says whose fault it is. */
	{"anybody", 403, NULL, "", FAULT_UNCLEAR, "provider_refused", -1, 0, 0},
	{"Cloudflare", 403, NULL,
	 "<!DOCTYPE html><title>Attention Required! | quota insufficient</title>", FAULT_UNCLEAR,
	 "provider_refused", -1, 0, 0},
	{"in band", 200, NULL, ROUTER("403", "Forbidden"), FAULT_UNCLEAR, "provider_refused", -1, 0,
	 0},

	/* Time. */
	{"OpenAI", 429, "7",
	 ERROR("Rate limit reached for gpt-4o in organization org-a on tokens per min (TPM).",
	       "tokens", "\"rate_limit_exceeded\""),
	 FAULT_BUSY, "provider_busy", 7000, 0, 0},
	{"OpenAI", 429, NULL,
	 ERROR("Rate limit reached. Please try again in 1.242s. Visit the page.", "requests",
	       "\"rate_limit_exceeded\""),
	 FAULT_BUSY, "provider_busy", 1242, 0, 0},
	{"OpenAI", 429, NULL,
	 ERROR("Rate limit reached. Please try again in 6m0s.", "requests",
	       "\"rate_limit_exceeded\""),
	 FAULT_BUSY, "provider_busy", 360000, 0, 0},
	{"OpenAI in band", 200, NULL,
	 ERROR("Rate limit reached", "requests", "\"rate_limit_exceeded\""), FAULT_BUSY,
	 "provider_busy", -1, 0, 0},
	{"OpenRouter", 429, NULL,
	 "{\"error\":{\"message\":\"Provider returned "
	 "error\",\"code\":429,\"metadata\":{\"raw\":\"google/gemma is temporarily rate-limited "
	 "upstream. Please retry shortly.\"}}}",
	 FAULT_BUSY, "provider_busy", -1, 0, 0},
	{"OpenRouter in band", 200, NULL, ROUTER("429", "Rate limit exceeded: free-models-per-min"),
	 FAULT_BUSY, "provider_busy", -1, 0, 0},
	{"Anthropic", 529, NULL, ANTHROPIC("overloaded_error", "Overloaded"), FAULT_BUSY,
	 "provider_busy", -1, 0, 0},
	{"Anthropic in band", 200, NULL, ANTHROPIC("overloaded_error", "Overloaded"), FAULT_BUSY,
	 "provider_busy", -1, 0, 0},
	{"Anthropic", 429, "12",
	 ANTHROPIC("rate_limit_error", "This request would exceed your account's rate limit."),
	 FAULT_BUSY, "provider_busy", 12000, 0, 0},
	{"Gemini", 429, NULL,
	 "[{\"error\":{\"code\":429,\"message\":\"You exceeded your current quota, please check "
	 "your plan and billing "
	 "details.\",\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"@type\":\"type.googleapis."
	 "com/google.rpc.RetryInfo\",\"retryDelay\":\"37s\"}]}}]",
	 FAULT_BUSY, "provider_busy", 37000, 0, 0},
	{"Azure", 429, NULL,
	 "{\"error\":{\"code\":\"429\",\"message\":\"Requests have exceeded the call rate limit. "
	 "Please retry after 9 seconds.\"}}",
	 FAULT_BUSY, "provider_busy", 9000, 0, 0},
	{"llama.cpp", 503, NULL, LLAMA("503", "unavailable_error", "Loading model"), FAULT_BUSY,
	 "provider_busy", -1, 0, 0},
	{"anybody", 503, "3", "", FAULT_BUSY, "provider_busy", 3000, 0, 0},
	{"anybody", 429, "soon", "", FAULT_BUSY, "provider_busy", -1, 0, 0},
	{"anybody", 429, "-1", "", FAULT_BUSY, "provider_busy", -1, 0, 0},
	{"nginx", 429, NULL, "<html>429 Too Many Requests</html>", FAULT_BUSY, "provider_busy", -1,
	 0, 0},

	/* The server. */
	{"anybody", 408, NULL, "", FAULT_RETRY, "provider_unavailable", -1, 0, 0},
	{"anybody", 409, NULL, "", FAULT_RETRY, "provider_unavailable", -1, 0, 0},
	{"OpenAI", 500, NULL,
	 ERROR("The server had an error while processing your request.", "server_error", "null"),
	 FAULT_RETRY, "provider_unavailable", -1, 0, 0},
	{"nginx", 502, NULL, "<html>", FAULT_RETRY, "provider_unavailable", -1, 0, 0},
	{"anybody", 503, NULL, "", FAULT_RETRY, "provider_unavailable", -1, 0, 0},
	{"OpenRouter in band", 200, NULL, ROUTER("502", "Provider returned error"), FAULT_RETRY,
	 "provider_unavailable", -1, 0, 0},
	{"anybody in band", 200, NULL, "{\"error\":{\"message\":\"sk-secret\"}}", FAULT_RETRY,
	 "provider_unavailable", -1, 0, 0},
	{"anybody", 302, NULL, "", FAULT_RETRY, "provider_unavailable", -1, 0, 0},

	/* Cut off, and not quite JSON. */
	{"cut", 400, NULL, "{\"error\":{\"message\":\"Your credit balance is too low to access",
	 FAULT_KEY, "provider_account", -1, 0, 0},
	{"a number above 2^63", 429, NULL,
	 "{\"error\":{\"message\":\"Rate limit reached. Please try again in "
	 "20ms.\",\"reset\":99999999999999999999}}",
	 FAULT_BUSY, "provider_busy", 20, 0, 0},
	{"plain text", 400, NULL, "prompt is too long", FAULT_FINAL, "context_too_long", -1, 0, 0},
	{"a NUL", 400, NULL, "{\"error\":{\"message\":\"a\\u0000b\"}}", FAULT_FINAL,
	 "provider_refused", -1, 0, 0},
	{"nonsense", 400, NULL, "{\"error\":[[[[[[[[{\"message\":1}]]]]]]]]}", FAULT_FINAL,
	 "provider_refused", -1, 0, 0},
};

static void every_refusal_has_a_verdict(void **state)
{
	size_t wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct provider_fault fault;

		provider_fault_body(cases[i].status, cases[i].retry_after, cases[i].body,
				    strlen(cases[i].body), &fault);
		if (fault.kind == cases[i].kind && strcmp(fault.err.reason, cases[i].reason) == 0 &&
		    fault.retry_after_ms == cases[i].retry_after_ms &&
		    fault.fewer_tokens == cases[i].fewer_tokens &&
		    fault.parameter == cases[i].parameter && fault.err.code != OK &&
		    !strstr(fault.err.message, "sk-") && strlen(fault.err.message) > 20)
			continue;
		print_error("%s %d %s\n  is %d %s after %ld ms, %d tokens, parameter %d: %s\n",
			    cases[i].from, cases[i].status, cases[i].body, (int)fault.kind,
			    fault.err.reason, (long)fault.retry_after_ms, fault.fewer_tokens,
			    fault.parameter, fault.err.message);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* Any body, cut anywhere, gives a verdict, and never the provider's own words. */
static void any_piece_has_a_verdict(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t len = 0; len <= strlen(cases[i].body); len += 7) {
			_cleanup_(freep) char *piece = strndup(cases[i].body, len);
			struct provider_fault fault;

			provider_fault_body(cases[i].status, NULL, piece, len, &fault);
			assert_int_not_equal(fault.err.code, OK);
			assert_null(strstr(fault.err.message, "sk-"));
		}
	}
}

static void a_rest_may_be_a_date(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} spans[] = {
		{"7", 7000},
		{" 7 ", 7000},
		{"0", 0},
		{"1.5", 1500},
		{"0.02", 20},
		{"Sun, 06 Nov 1994 08:49:37 GMT", 10000},
		{"Sunday, 06-Nov-94 08:49:37 GMT", 10000},
		{"Sun Nov  6 08:49:37 1994", 10000},
		{"Sun, 06 Nov 1994 08:49:17 GMT", 0}, /* past */
		{"20ms", 20},
		{"6m0s", 360000},
		{"1h2m3.5s", 3723500},
		{"99999999", 86400000},
		{"", -1},
		{"soon", -1},
		{"-1", -1},
		{"7x", -1},
		{"nan", -1},
		{"0x10", -1},
		{"99999999999999999999", -1},
		{"Sun, 06 Nov 1994 08:49:37 GMT and more", -1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(spans); i++) {
		int64_t ms = retry_after_parse(spans[i].text, 784111767);

		if (ms != spans[i].ms)
			fail_msg("'%s' is %ld ms", spans[i].text, (long)ms);
	}
	assert_int_equal(retry_after_parse("784111777", 784111767), 86400000);
	assert_int_equal(retry_after_parse("1700000010", 1700000000), 10000);
	assert_int_equal(retry_after_parse("1700000010000", 1700000000), 10000);
}

int verdict_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refusal_has_a_verdict),
		cmocka_unit_test(any_piece_has_a_verdict),
		cmocka_unit_test(a_rest_may_be_a_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
