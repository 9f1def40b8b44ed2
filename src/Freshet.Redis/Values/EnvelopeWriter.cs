using System.Buffers;
using System.Buffers.Binary;

namespace Freshet.Redis.Values;

/// <summary>Writes what stands around a value; <see cref="EnvelopeFormat"/> says how.</summary>
internal static class EnvelopeWriter
{
    /// <summary>What stands ahead of the value.</summary>
    /// <returns>False when it is made from more than an entry in Redis can be.</returns>
    public static bool TryWriteHead(Envelope envelope, IBufferWriter<byte> target)
    {
        if (envelope.Fences.Length - 1 > EnvelopeFormat.MaxFences || envelope.Dependencies.Length > EnvelopeFormat.MaxDependencies)
            return false;
        WriteByte(target, EnvelopeFormat.Version);
        WriteByte(target, (byte)envelope.Form);
        WritePosition(target, envelope.Fences[0].Position);
        WriteInt64(target, envelope.Ticket);
        WriteInt64(target, (long)envelope.Lifetime.TotalMilliseconds);
        WriteInt64(target, (long)envelope.StaleFor.TotalMilliseconds);

        var logs = new Dictionary<Tenant, int> { [envelope.Fences[0].Tenant] = 0 };
        WriteNumber(target, envelope.Fences.Length - 1);
        foreach (var (tenant, position) in envelope.Fences.AsSpan(1))
        {
            logs.Add(tenant, logs.Count);
            WriteText(target, tenant.Id);
            WritePosition(target, position);
        }

        WriteNumber(target, envelope.Dependencies.Length);
        foreach (var (tenant, dependency) in envelope.Dependencies)
        {
            WriteNumber(target, logs[tenant]);
            var segments = dependency.Tag.Segments;
            WriteByte(target, (byte)(segments.Length | (dependency.IsSubtree ? EnvelopeFormat.SubtreeBit : 0)));
            foreach (var segment in segments)
                WriteText(target, segment);
        }

        return true;
    }

    /// <summary>What stands after the value.</summary>
    /// <param name="target">Holds the head and the value.</param>
    /// <param name="key">The physical key that it will lie under.</param>
    /// <param name="secret">The key of the check.</param>
    public static void WriteCheck(ArrayBufferWriter<byte> target, ReadOnlySpan<byte> key, byte[] secret)
    {
        Span<byte> check = stackalloc byte[EnvelopeFormat.CheckBytes];
        EnvelopeFormat.Check(secret, key, target.WrittenSpan, check);
        target.Write(check);
    }

    private static void WriteByte(IBufferWriter<byte> target, byte value)
    {
        target.GetSpan(1)[0] = value;
        target.Advance(1);
    }

    private static void WriteInt64(IBufferWriter<byte> target, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(target.GetSpan(8), value);
        target.Advance(8);
    }

    private static void WritePosition(IBufferWriter<byte> target, Position position)
    {
        BinaryPrimitives.WriteUInt128LittleEndian(target.GetSpan(16), position.Epoch.Value);
        target.Advance(16);
        WriteInt64(target, position.Offset);
    }

    private static void WriteNumber(IBufferWriter<byte> target, int number)
    {
        for (; number >= 0x80; number >>= 7)
            WriteByte(target, (byte)(number | 0x80));
        WriteByte(target, (byte)number);
    }

    private static void WriteText(IBufferWriter<byte> target, string text)
    {
        var bytes = EnvelopeFormat.Utf8.GetBytes(text);
        WriteNumber(target, bytes.Length);
        target.Write(bytes);
    }
}
