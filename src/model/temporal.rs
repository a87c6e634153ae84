//! Temporal heads: from features at each step to logits at each step. MTCN is AVAR-Net's own; the others are what
//! its ablation sets beside it.

use candle_core::Tensor;

use super::error::ModelError;
use super::layers::Mode;
use super::mtcn::Mtcn;
use super::recurrent::Recurrent;
use super::transformer::Transformer;

/// The temporal heads of the paper's ablation, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TemporalKind {
    /// A GRU that looks back.
    Gru,
    /// A GRU that looks both ways.
    BiGru,
    /// An LSTM that looks back.
    Lstm,
    /// An LSTM that looks both ways.
    BiLstm,
    /// A transformer encoder.
    Transformer,
    /// Multi-stage temporal convolution, AVAR-Net's own.
    Mtcn,
}

impl TemporalKind {
    /// In the paper's order.
    pub const ALL: [TemporalKind; 6] = [
        TemporalKind::Gru,
        TemporalKind::BiGru,
        TemporalKind::Lstm,
        TemporalKind::BiLstm,
        TemporalKind::Transformer,
        TemporalKind::Mtcn,
    ];

    /// Identifier used in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            TemporalKind::Gru => "gru",
            TemporalKind::BiGru => "bi_gru",
            TemporalKind::Lstm => "lstm",
            TemporalKind::BiLstm => "bi_lstm",
            TemporalKind::Transformer => "transformer",
            TemporalKind::Mtcn => "mtcn",
        }
    }

    /// Text for people.
    pub fn label(self) -> &'static str {
        match self {
            TemporalKind::Gru => "GRU",
            TemporalKind::BiGru => "Bi-GRU",
            TemporalKind::Lstm => "LSTM",
            TemporalKind::BiLstm => "Bi-LSTM",
            TemporalKind::Transformer => "Transformer",
            TemporalKind::Mtcn => "MTCN",
        }
    }

    /// Reads [`TemporalKind::name`]; `None` for any other text.
    pub fn from_name(name: &str) -> Option<TemporalKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A temporal head of any kind.
pub enum Temporal {
    /// GRU or LSTM, one way or both.
    Recurrent(Recurrent),
    /// Transformer encoder.
    Transformer(Transformer),
    /// Multi-stage temporal convolution.
    Mtcn(Mtcn),
}

impl Temporal {
    /// `[B, T, width]` -> logits `[B, T, 10]` of each stage, the last one's being the answer. All kinds but MTCN have
    /// one stage.
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Vec<Tensor>, ModelError> {
        match self {
            Temporal::Recurrent(recurrent) => Ok(vec![recurrent.forward(x, mode)?]),
            Temporal::Transformer(transformer) => Ok(vec![transformer.forward(x, mode)?]),
            Temporal::Mtcn(mtcn) => mtcn.forward(x, mode),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_name() {
        for kind in TemporalKind::ALL {
            assert_eq!(TemporalKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(TemporalKind::from_name("MTCN"), None);
    }
}
