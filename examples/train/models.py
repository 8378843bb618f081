"""The two architectures, in the smallest form that can be trained.

Parameter names are those of Hugging Face's LlamaForCausalLM and OPTForCausalLM,
so `state_dict()` is what goes into the file.  The output layer is the token
embedding in both, and is therefore not a parameter of its own.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

# OPTLearnedPositionalEmbedding counts positions from 2.
OPT_POSITION_OFFSET = 2


# Queries are taken this many at a time, each block with the keys up to its end,
# so that most of the part the causal mask would throw away is never computed.
QUERY_BLOCK = 64


def causal_attention(q, k, v):
    """Softmax attention over (batch, heads, time, head_dim), each position seeing itself and the past."""
    time = q.shape[-2]
    q = q / math.sqrt(q.shape[-1])
    future = torch.full((time, time), float("-inf")).triu(1)
    blocks = []
    for start in range(0, time, QUERY_BLOCK):
        end = min(start + QUERY_BLOCK, time)
        scores = q[..., start:end, :] @ k[..., :end, :].transpose(-1, -2)
        blocks.append((scores + future[start:end, :end]).softmax(-1) @ v[..., :end, :])
    return torch.cat(blocks, -2)


def split_heads(x, heads):
    batch, time, width = x.shape
    return x.view(batch, time, heads, width // heads).transpose(1, 2)


def join_heads(x):
    batch, heads, time, head_dim = x.shape
    return x.transpose(1, 2).reshape(batch, time, heads * head_dim)


# --- llama ----------------------------------------------------------------------


class RMSNorm(nn.Module):
    def __init__(self, width, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps))


def rotate(x, theta):
    """Rotary embedding in Hugging Face's layout: element i turns with i + head_dim / 2."""
    time, head_dim = x.shape[-2:]
    half = head_dim // 2
    frequency = theta ** (-torch.arange(half) / half)
    angle = torch.arange(time)[:, None] * frequency
    cos, sin = angle.cos(), angle.sin()
    a, b = x[..., :half], x[..., half:]
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


class LlamaAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        width = config["hidden_size"]
        self.heads = config["num_attention_heads"]
        self.kv_heads = config["num_key_value_heads"]
        self.theta = config["rope_theta"]
        kv_width = width // self.heads * self.kv_heads
        self.q_proj = nn.Linear(width, width, bias=False)
        self.k_proj = nn.Linear(width, kv_width, bias=False)
        self.v_proj = nn.Linear(width, kv_width, bias=False)
        self.o_proj = nn.Linear(width, width, bias=False)

    def forward(self, x):
        q = rotate(split_heads(self.q_proj(x), self.heads), self.theta)
        k = rotate(split_heads(self.k_proj(x), self.kv_heads), self.theta)
        v = split_heads(self.v_proj(x), self.kv_heads)
        group = self.heads // self.kv_heads
        k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
        return self.o_proj(join_heads(causal_attention(q, k, v)))


class LlamaMLP(nn.Module):
    def __init__(self, config):
        super().__init__()
        width, inner = config["hidden_size"], config["intermediate_size"]
        self.gate_proj = nn.Linear(width, inner, bias=False)
        self.up_proj = nn.Linear(width, inner, bias=False)
        self.down_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class LlamaLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        width, eps = config["hidden_size"], config["rms_norm_eps"]
        self.self_attn = LlamaAttention(config)
        self.mlp = LlamaMLP(config)
        self.input_layernorm = RMSNorm(width, eps)
        self.post_attention_layernorm = RMSNorm(width, eps)

    def forward(self, x):
        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))


class Llama(nn.Module):
    residual_outputs = ("o_proj", "down_proj")

    def __init__(self, config):
        super().__init__()
        width = config["hidden_size"]
        self.model = nn.Module()
        self.model.embed_tokens = nn.Embedding(config["vocab_size"], width)
        self.model.layers = nn.ModuleList(LlamaLayer(config) for _ in range(config["num_hidden_layers"]))
        self.model.norm = RMSNorm(width, config["rms_norm_eps"])

    def forward(self, ids):
        x = self.model.embed_tokens(ids)
        for layer in self.model.layers:
            x = layer(x)
        return self.model.norm(x) @ self.model.embed_tokens.weight.T


# --- opt --------------------------------------------------------------------------


class OptAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        width = config["hidden_size"]
        self.heads = config["num_attention_heads"]
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, x):
        q, k, v = (split_heads(project(x), self.heads) for project in (self.q_proj, self.k_proj, self.v_proj))
        return self.out_proj(join_heads(causal_attention(q, k, v)))


class OptLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        width = config["hidden_size"]
        self.self_attn = OptAttention(config)
        self.self_attn_layer_norm = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, config["ffn_dim"])
        self.fc2 = nn.Linear(config["ffn_dim"], width)
        self.final_layer_norm = nn.LayerNorm(width)

    def forward(self, x):
        x = x + self.self_attn(self.self_attn_layer_norm(x))
        return x + self.fc2(F.relu(self.fc1(self.final_layer_norm(x))))


class Opt(nn.Module):
    residual_outputs = ("out_proj", "fc2")

    def __init__(self, config):
        super().__init__()
        width = config["hidden_size"]
        positions = config["max_position_embeddings"] + OPT_POSITION_OFFSET
        self.model = nn.Module()
        self.model.decoder = decoder = nn.Module()
        decoder.embed_tokens = nn.Embedding(config["vocab_size"], width)
        decoder.embed_positions = nn.Embedding(positions, width)
        decoder.layers = nn.ModuleList(OptLayer(config) for _ in range(config["num_hidden_layers"]))
        decoder.final_layer_norm = nn.LayerNorm(width)

    def forward(self, ids):
        decoder = self.model.decoder
        positions = torch.arange(ids.shape[1]) + OPT_POSITION_OFFSET
        x = decoder.embed_tokens(ids) + decoder.embed_positions(positions)
        for layer in decoder.layers:
            x = layer(x)
        return decoder.final_layer_norm(x) @ decoder.embed_tokens.weight.T


def initialise(model, layers):
    """Small normal weights, smaller still where a layer adds to the residual stream."""
    for name, parameter in model.named_parameters():
        if parameter.dim() == 2:
            scale = 0.05
            if "embed_positions" in name:
                # What a token is comes first; where it stands is learned on top.
                scale = 0.01
            elif name.split(".")[-2] in model.residual_outputs:
                scale /= math.sqrt(2 * layers)
            nn.init.normal_(parameter, std=scale)
        elif name.endswith("bias"):
            nn.init.zeros_(parameter)
