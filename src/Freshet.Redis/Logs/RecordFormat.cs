using System.Buffers.Binary;
using System.Text;
using Freshet.Coherence;

namespace Freshet.Redis.Logs;

/// <summary>
/// A record as it lies in Redis and is told to nodes. Golden bytes are in tests/vectors/redis. Of another version, cut off or damaged it is
/// no record, and then the reader takes the tenant as forgotten (C7).
/// </summary>
/// <remarks>
/// <code>
/// version      1 byte, 1
/// action       1 byte, ChangeAction
/// entity       text; empty for none
/// id           text; empty for none
/// tags         varint, at most 65,535; of each:
///   segments   1 byte, at most 16; of each a text
/// text: varint length in bytes, then UTF-8
/// checksum     4 bytes, little-endian, CRC-32C of all bytes above
/// </code>
/// </remarks>
internal static class RecordFormat
{
    /// <summary>How many bytes a record has at most.</summary>
    public const int MostBytes = 64 << 10;

    private const byte Version = 1;
    private const int MaxTags = 65_535;
    private const int MaxSegments = 16;
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="ArgumentException">There are more tags than a record holds.</exception>
    public static byte[] Write(IReadOnlyList<Tag> tags, ChangeSummary change)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tags.Count, MaxTags, nameof(tags));
        using var stream = new MemoryStream();
        stream.WriteByte(Version);
        stream.WriteByte((byte)change.Action);
        WriteText(stream, change.Entity ?? "");
        WriteText(stream, change.Id ?? "");
        WriteNumber(stream, tags.Count);
        foreach (var tag in tags)
        {
            stream.WriteByte((byte)tag.Segments.Length);
            foreach (var segment in tag.Segments)
                WriteText(stream, segment);
        }

        Span<byte> checksum = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(checksum, Checksum(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
        stream.Write(checksum);
        return stream.ToArray();
    }

    /// <returns>False when it is none.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out IReadOnlyList<Tag> tags, out ChangeSummary change)
    {
        tags = [];
        change = default;
        if (bytes.Length < 6 || bytes[0] != Version || bytes[1] > (byte)ChangeAction.BulkOperation)
            return false;
        var body = bytes[..^4];
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) != Checksum(body))
            return false;

        var action = (ChangeAction)bytes[1];
        body = body[2..];
        if (!TryText(ref body, out var entity) || !TryText(ref body, out var id) || !TryNumber(ref body, out var count) || count > MaxTags)
            return false;
        // Each has a byte at least: a count that lies reserves nothing.
        var read = new List<Tag>(Math.Min(count, body.Length));
        for (var i = 0; i < count; i++)
        {
            if (!TryTag(ref body, out var tag))
                return false;
            read.Add(tag);
        }

        if (!body.IsEmpty)
            return false;
        tags = read;
        change = new ChangeSummary(action, entity.Length == 0 ? null : entity, id.Length == 0 ? null : id);
        return true;
    }

    private static bool TryTag(ref ReadOnlySpan<byte> body, out Tag tag)
    {
        tag = Tag.Root;
        if (body.IsEmpty || body[0] > MaxSegments)
            return false;
        var segments = new string[body[0]];
        body = body[1..];
        for (var i = 0; i < segments.Length; i++)
        {
            if (!TryText(ref body, out segments[i]))
                return false;
        }

        try
        {
            tag = segments.Length == 0 ? Tag.Root : Tag.Of(segments);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static void WriteText(MemoryStream stream, string text)
    {
        var bytes = Utf8.GetBytes(text);
        WriteNumber(stream, bytes.Length);
        stream.Write(bytes);
    }

    private static bool TryText(ref ReadOnlySpan<byte> body, out string text)
    {
        text = "";
        if (!TryNumber(ref body, out var length) || length > body.Length)
            return false;
        try
        {
            text = Utf8.GetString(body[..length]);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }

        body = body[length..];
        return true;
    }

    private static void WriteNumber(MemoryStream stream, int number)
    {
        for (; number >= 0x80; number >>= 7)
            stream.WriteByte((byte)(number | 0x80));
        stream.WriteByte((byte)number);
    }

    private static bool TryNumber(ref ReadOnlySpan<byte> body, out int number)
    {
        number = 0;
        for (var shift = 0; shift < 28; shift += 7)
        {
            if (body.IsEmpty)
                return false;
            var part = body[0];
            body = body[1..];
            number |= (part & 0x7F) << shift;
            if (part < 0x80)
                return true;
        }

        return false;
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
            crc = System.Numerics.BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
