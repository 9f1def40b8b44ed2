using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Freshet.Loading;
using Freshet.Storage;

namespace Freshet.Redis.Values;

/// <summary>
/// Reads an entry as it lies in Redis. The check comes first: nothing that a node of ours has not written under that very key is looked
/// at any further. What follows is bounded all the same.
/// </summary>
internal ref struct EnvelopeReader
{
    private ReadOnlySpan<byte> _left;

    private EnvelopeReader(ReadOnlySpan<byte> bytes) => _left = bytes;

    /// <summary>Reads what stands around the value.</summary>
    /// <param name="bytes">What lies under the key.</param>
    /// <param name="key">The physical key.</param>
    /// <param name="secret">The key of the check.</param>
    /// <param name="tenant">Whose entry it is.</param>
    /// <param name="envelope">What was read.</param>
    /// <param name="value">Where the value is.</param>
    /// <returns><see cref="StoreOutcome.Hit"/>, <see cref="StoreOutcome.Version"/> or <see cref="StoreOutcome.Damaged"/>.</returns>
    public static StoreOutcome Read(
        ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> key, byte[] secret, Tenant tenant, out Envelope? envelope, out Range value)
    {
        (envelope, value) = (null, default);
        if (bytes.Length < EnvelopeFormat.HeadBytes + EnvelopeFormat.CheckBytes)
            return StoreOutcome.Damaged;
        // Another release may have another check, so its version is all that is known of it.
        if (bytes[0] != EnvelopeFormat.Version)
            return StoreOutcome.Version;
        var body = bytes[..^EnvelopeFormat.CheckBytes];
        Span<byte> check = stackalloc byte[EnvelopeFormat.CheckBytes];
        EnvelopeFormat.Check(secret, key, body, check);
        if (!CryptographicOperations.FixedTimeEquals(check, bytes[^EnvelopeFormat.CheckBytes..]))
            return StoreOutcome.Damaged;

        var reader = new EnvelopeReader(body[1..]);
        if (!reader.TryReadHead(tenant, out envelope))
            return StoreOutcome.Damaged;
        value = (body.Length - reader._left.Length)..body.Length;
        return StoreOutcome.Hit;
    }

    private bool TryReadHead(Tenant tenant, [NotNullWhen(true)] out Envelope? envelope)
    {
        envelope = null;
        if (!TryByte(out var form) || form is < (byte)ValueForm.Response or > (byte)ValueForm.Null
            || !TryPosition(out var own) || !TryInt64(out var ticket) || !TryTime(out var lifetime) || !TryTime(out var staleFor)
            || !TryNumber(out var others) || others > EnvelopeFormat.MaxFences)
        {
            return false;
        }

        var fences = new EntryFence[others + 1];
        fences[0] = new EntryFence(tenant, own);
        for (var i = 1; i < fences.Length; i++)
        {
            if (!TryText(out var id) || !TryTenant(id, out var other) || !TryPosition(out var position))
                return false;
            fences[i] = new EntryFence(other, position);
        }

        // Each has two bytes at least: a count that lies reserves nothing.
        if (!TryNumber(out var count) || count > EnvelopeFormat.MaxDependencies || count > _left.Length / 2)
            return false;
        var dependencies = new EntryDependency[count];
        for (var i = 0; i < count; i++)
        {
            if (!TryNumber(out var log) || log >= fences.Length || !TryDependency(out var dependency))
                return false;
            dependencies[i] = new EntryDependency(fences[log].Tenant, dependency);
        }

        envelope = new Envelope((ValueForm)form, fences, ticket, lifetime, staleFor, dependencies);
        return true;
    }

    private bool TryDependency(out Dependency dependency)
    {
        dependency = default;
        if (!TryByte(out var head))
            return false;
        var segments = new string[head & ~EnvelopeFormat.SubtreeBit];
        if (segments.Length > EnvelopeFormat.MaxSegments)
            return false;
        for (var i = 0; i < segments.Length; i++)
        {
            if (!TryText(out segments[i]))
                return false;
        }

        try
        {
            var tag = segments.Length == 0 ? Tag.Root : Tag.Of(segments);
            dependency = (head & EnvelopeFormat.SubtreeBit) != 0 ? tag.Subtree : tag;
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static bool TryTenant(string id, out Tenant tenant)
    {
        tenant = default;
        try
        {
            tenant = id switch
            {
                "p" => Tenant.Public,
                "d" => Tenant.Default,
                ['t', .. var name] => Tenant.Named(name),
                _ => default,
            };
        }
        catch (ArgumentException)
        {
            return false;
        }

        return tenant.IsValid;
    }

    private bool TryByte(out byte value)
    {
        value = _left.IsEmpty ? default : _left[0];
        return TryPass(1);
    }

    private bool TryInt64(out long value)
    {
        value = _left.Length < 8 ? -1 : BinaryPrimitives.ReadInt64LittleEndian(_left);
        return value >= 0 && TryPass(8);
    }

    private bool TryTime(out TimeSpan time)
    {
        var isOne = TryInt64(out var milliseconds) && milliseconds <= TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMillisecond;
        time = isOne ? TimeSpan.FromTicks(milliseconds * TimeSpan.TicksPerMillisecond) : default;
        return isOne;
    }

    private bool TryPosition(out Position position)
    {
        position = default;
        if (_left.Length < 16)
            return false;
        var epoch = new Epoch(BinaryPrimitives.ReadUInt128LittleEndian(_left));
        _left = _left[16..];
        if (!TryInt64(out var offset))
            return false;
        position = new Position(epoch, offset);
        return true;
    }

    private bool TryNumber(out int number)
    {
        number = 0;
        for (var shift = 0; shift < 28; shift += 7)
        {
            if (!TryByte(out var part))
                return false;
            number |= (part & 0x7F) << shift;
            if (part < 0x80)
                return true;
        }

        return false;
    }

    private bool TryText(out string text)
    {
        text = "";
        if (!TryNumber(out var length) || length > _left.Length)
            return false;
        try
        {
            text = EnvelopeFormat.Utf8.GetString(_left[..length]);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }

        return TryPass(length);
    }

    private bool TryPass(int count)
    {
        if (count > _left.Length)
            return false;
        _left = _left[count..];
        return true;
    }
}
