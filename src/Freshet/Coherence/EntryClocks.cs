namespace Freshet.Coherence;

/// <summary>
/// The clocks by which an entry is judged, of each tenant that it was made from. Immutable; default is none. Entries keep hashes
/// and not counters, so the tables below them may change their sizes.
/// </summary>
internal readonly struct EntryClocks
{
    private readonly object? _owners; // TenantClocks or, of several, an array of them: most entries have one
    private readonly uint[]? _hashes; // of each owner: twice how many, plus one when what is below its root counts; then the hashes

    private EntryClocks(object owners, uint[] hashes) => (_owners, _hashes) = (owners, hashes);

    /// <summary>How many bytes of memory the lists take in a 64-bit process; the tenants' clocks themselves are not theirs.</summary>
    public long Bytes => OfArray(_hashes?.Length ?? 0, sizeof(uint)) + (_owners is TenantClocks[] several ? OfArray(several.Length, 8) : 0);

    /// <summary>Whose clocks they are.</summary>
    public IEnumerable<Tenant> Tenants => _owners switch
    {
        TenantClocks one => [one.Tenant],
        TenantClocks[] several => several.Select(o => o.Tenant),
        _ => [],
    };

    /// <summary>Whether none of the clocks has moved since the fence: the one rule.</summary>
    public bool Untouched(long fence)
    {
        if (_owners is TenantClocks one)
            return one.Untouched(_hashes, fence);
        if (_owners is not TenantClocks[] several)
            return true;

        ReadOnlySpan<uint> rest = _hashes;
        foreach (var owner in several)
        {
            var length = 1 + (int)(rest[0] >> 1);
            if (!owner.Untouched(rest[..length], fence))
                return false;
            rest = rest[length..];
        }

        return true;
    }

    // Its header, type and length, and what is rounded up.
    private static long OfArray(long count, int elementBytes) => count == 0 ? 0 : (24 + (count * elementBytes) + 7) & ~7L;

    /// <summary>Collects the clocks of what a load reads. Not thread-safe.</summary>
    internal sealed class Collector
    {
        private readonly List<Part> _parts = new(1);

        /// <param name="owner">Whose clock.</param>
        /// <param name="hash">See <see cref="TenantClocks.At"/>.</param>
        public void Add(TenantClocks owner, uint hash) => PartOf(owner).Hashes.Add(hash);

        /// <param name="owner">Whose root, which is read whatever is read.</param>
        /// <param name="readsBelow">Whether everything under it counts too.</param>
        public void AddRoot(TenantClocks owner, bool readsBelow) => PartOf(owner).ReadsBelowRoot |= readsBelow;

        public void Add(EntryClocks clocks)
        {
            ReadOnlySpan<TenantClocks> owners = clocks._owners is TenantClocks one ? [one] : clocks._owners as TenantClocks[];
            ReadOnlySpan<uint> rest = clocks._hashes;
            foreach (var owner in owners)
            {
                var part = PartOf(owner);
                part.ReadsBelowRoot |= (rest[0] & 1) != 0;
                var length = 1 + (int)(rest[0] >> 1);
                foreach (var hash in rest[1..length])
                    part.Hashes.Add(hash);
                rest = rest[length..];
            }
        }

        public EntryClocks ToClocks()
        {
            if (_parts.Count == 0)
                return default;
            var length = _parts.Count;
            foreach (var part in _parts)
                length += part.Hashes.Count;
            var hashes = new uint[length];
            var at = 0;
            foreach (var part in _parts)
            {
                hashes[at] = ((uint)part.Hashes.Count << 1) | (part.ReadsBelowRoot ? 1u : 0);
                part.Hashes.CopyTo(hashes, at + 1);
                at += 1 + part.Hashes.Count;
            }

            return new EntryClocks(_parts.Count == 1 ? _parts[0].Owner : _parts.ConvertAll(p => p.Owner).ToArray(), hashes);
        }

        private Part PartOf(TenantClocks owner)
        {
            foreach (var part in _parts)
            {
                if (ReferenceEquals(part.Owner, owner))
                    return part;
            }

            var added = new Part(owner);
            _parts.Add(added);
            return added;
        }

        private sealed class Part(TenantClocks owner)
        {
            public TenantClocks Owner => owner;

            public HashSet<uint> Hashes { get; } = [];

            public bool ReadsBelowRoot { get; set; }
        }
    }
}
