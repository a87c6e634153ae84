"""The attention block and the multi-stage temporal head in PyTorch, written from the equations.

x = Conv1d(k=3)(F); x = LayerNorm(x + MHSA(x)); then stages of dilated residual layers, dilation 2^l:
x + Conv1(ReLU(Conv_dilated(x))). Later stages take the softmax of the previous stage's logits. Three taps are
centred, two look back.
"""
import torch
from torch import nn
from torch.nn import functional as F


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, nn.Linear(width, width))

    def forward(self, x):
        batch, steps, width = x.shape
        split = lambda y: y.view(batch, steps, self.heads, width // self.heads).transpose(1, 2)
        mixed = F.scaled_dot_product_attention(split(self.query(x)), split(self.key(x)), split(self.value(x)))
        return self.output(mixed.transpose(1, 2).reshape(batch, steps, width))


class AttentionBlock(nn.Module):
    def __init__(self, inputs, width, heads):
        super().__init__()
        self.convolution = nn.Conv1d(inputs, width, 3, padding=1)
        self.attention = Attention(width, heads)
        self.norm = nn.LayerNorm(width)

    def forward(self, fused):
        x = self.convolution(fused.transpose(1, 2)).transpose(1, 2)
        return self.norm(x + self.attention(x))


class Layer(nn.Module):
    def __init__(self, filters, taps, dilation):
        super().__init__()
        reach = (taps - 1) * dilation
        self.margin = (reach // 2, reach // 2) if taps % 2 else (reach, 0)
        self.dilated = nn.Conv1d(filters, filters, taps, dilation=dilation)
        self.pointwise = nn.Conv1d(filters, filters, 1)

    def forward(self, x):
        return x + self.pointwise(torch.relu(self.dilated(F.pad(x, self.margin))))


class Stage(nn.Module):
    def __init__(self, inputs, layers, filters, taps, classes):
        super().__init__()
        self.input = nn.Conv1d(inputs, filters, 1)
        self.layers = nn.ModuleList(Layer(filters, taps, 2**index) for index in range(layers))
        self.output = nn.Conv1d(filters, classes, 1)

    def forward(self, x):
        x = self.input(x)
        for layer in self.layers:
            x = layer(x)
        return self.output(x)


class Mtcn(nn.Module):
    def __init__(self, inputs, stages, layers, filters, taps, classes):
        super().__init__()
        sizes = [inputs] + [classes] * (stages - 1)
        self.stages = nn.ModuleList(Stage(size, layers, filters, taps, classes) for size in sizes)

    def forward(self, x):
        logits = [self.stages[0](x)]
        for stage in self.stages[1:]:
            logits.append(stage(torch.softmax(logits[-1], dim=1)))
        return logits


class Head(nn.Module):
    def __init__(self, inputs, width, heads, stages, layers, filters, taps, classes):
        super().__init__()
        self.attention = AttentionBlock(inputs, width, heads)
        self.mtcn = Mtcn(width, stages, layers, filters, taps, classes)

    def forward(self, fused):
        """[B, T, inputs] -> [B, T, width], and logits [B, T, classes] of each stage."""
        x = self.attention(fused)
        return x, [logits.transpose(1, 2) for logits in self.mtcn(x.transpose(1, 2))]
