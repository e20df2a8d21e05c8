//! The maximum length of a client's name. A longer name would not fit into every field that contains it.

use super::{Choices, Extent, FenceExpr, Field, Grammar, Load, LoadExpr, PacketId, TypeKind};

impl Grammar {
    /// Returns the maximum length, in bytes, of a client's name of ASCII characters. A name of this length fits into the
    /// packets of the fences, with every choice of the readings. `usize::MAX` means that there is no limit.
    #[must_use]
    pub fn longest_name_in_fences(&self) -> usize {
        let fences = [&self.fence, &self.fence_unidentified];
        let steps = fences.into_iter().flatten().flat_map(|it| &it.steps);
        let is_name = |field: &FenceExpr| matches!(field, FenceExpr::NameOf(_));
        let limits = steps.map(|step| self.limit_in(step.packet, step.fields.iter().map(is_name)));
        limits.min().unwrap_or(usize::MAX)
    }

    /// Returns the maximum length, in bytes, of a client's name of ASCII characters. A name of this length fits into the
    /// packets of a load, with every choice of the readings. `usize::MAX` means that there is no limit.
    #[must_use]
    pub fn longest_name_in_load(&self, load: &Load) -> usize {
        let message = load.message.as_ref();
        let told = message.map(|message| [&message.sent, &message.arrives]);
        let steps = (load.login.iter().chain(&load.tunnel))
            .chain(told.into_iter().flatten())
            .chain(message.and_then(|message| message.answer.as_ref()));
        let is_name = |field: &LoadExpr| matches!(field, LoadExpr::NameOf(_));
        let limits = steps.map(|step| self.limit_in(step.packet, step.fields.iter().map(is_name)));
        limits.min().unwrap_or(usize::MAX)
    }

    /// Returns the smallest limit of those fields of the packet that contain a name.
    fn limit_in(&self, packet: PacketId, are_names: impl Iterator<Item = bool>) -> usize {
        let fields = self.packet(packet).fields.iter().zip(are_names);
        let limits = fields
            .filter(|(_, is_name)| *is_name)
            .map(|(field, _)| self.limit_of(field));
        limits.min().unwrap_or(usize::MAX)
    }

    fn limit_of(&self, field: &Field) -> usize {
        let kinds = self.kinds_of_type(&field.type_name, &Choices::new());
        let extents = kinds.into_iter().filter_map(TypeKind::extent);
        let own = [field.max_bytes, field.max_chars].into_iter().flatten();
        let limits = extents.map(|extent| self.limit_by(extent)).chain(own);
        limits.min().unwrap_or(usize::MAX)
    }

    fn limit_by(&self, extent: &Extent) -> usize {
        match extent {
            Extent::Fixed { size, .. } => *size,
            Extent::Counted { length } => {
                let kinds = self.kinds_of_type(length, &Choices::new());
                let limits = kinds.into_iter().filter_map(|kind| match kind {
                    TypeKind::Int(int) => usize::try_from(int.max()).ok(),
                    _ => None,
                });
                limits.min().unwrap_or(usize::MAX)
            }
            Extent::Ended { .. } | Extent::Rest => usize::MAX,
        }
    }
}
