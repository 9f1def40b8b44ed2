using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Freshet.Loading;
using Microsoft.Extensions.Primitives;

namespace Freshet.AspNetCore.Http;

/// <summary>
/// A stored answer as bytes, for other nodes. Golden bytes are in tests/vectors/redis. Only identity is written: every node encodes
/// variants itself, and the entity tags of both follow from what is written, so they are the same on all nodes.
/// </summary>
/// <remarks>
/// <code>
/// version            1 byte, 1
/// flags              1 byte: 1 it is compressible
/// status             varint
/// entity tag         text
/// content type, last modified, cache control, vary, groups: text each
/// lifetime, stale while revalidate, stale if error: 8 bytes each, milliseconds, little-endian
/// fields             varint, at most 1,000; of each its name as text, varint how many lines, and each line as text
/// body               all that is left
/// text: varint, 0 for none, else one more than its length in bytes, then UTF-8
/// </code>
/// </remarks>
internal sealed class ResponseCodec : ValueCodec
{
    private const byte Version = 1;
    private const byte CompressibleFlag = 1;
    private const int MaxFields = 1000;
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static ResponseCodec Instance { get; } = new();

    /// <inheritdoc/>
    public override bool TryWrite(object value, IBufferWriter<byte> target, out ValueForm form)
    {
        form = ValueForm.Response;
        if (value is not StoredResponse response || response.Headers.Length > MaxFields)
            return false;
        WriteByte(target, Version);
        WriteByte(target, response.IsCompressible ? CompressibleFlag : (byte)0);
        WriteNumber(target, response.StatusCode);
        WriteText(target, response.Identity.ETag);
        WriteText(target, response.ContentType);
        WriteText(target, response.LastModified);
        WriteText(target, response.CacheControl);
        WriteText(target, response.Vary);
        WriteText(target, response.Groups);
        WriteTime(target, response.Limits.Lifetime);
        WriteTime(target, response.Limits.StaleWhileRevalidate);
        WriteTime(target, response.Limits.StaleIfError);
        WriteNumber(target, response.Headers.Length);
        foreach (var (name, lines) in response.Headers)
        {
            WriteText(target, name);
            WriteNumber(target, lines.Count);
            foreach (var line in lines)
                WriteText(target, line);
        }

        target.Write(response.Identity.Body);
        return true;
    }

    /// <inheritdoc/>
    public override bool TryRead(ValueForm form, ReadOnlySpan<byte> bytes, out object value, out long size)
    {
        (value, size) = (bytes.Length, 0);
        if (form is not ValueForm.Response || bytes.Length < 2 || bytes[0] != Version || bytes[1] > CompressibleFlag)
            return false;
        var isCompressible = bytes[1] == CompressibleFlag;
        bytes = bytes[2..];
        if (!TryNumber(ref bytes, out var status) || status is < 100 or > 999
            || !TryText(ref bytes, out var tag) || tag is null || !TryText(ref bytes, out var contentType) || !TryText(ref bytes, out var lastModified)
            || !TryText(ref bytes, out var cacheControl) || cacheControl is null || !TryText(ref bytes, out var vary) || !TryText(ref bytes, out var groups)
            || !TryTime(ref bytes, out var lifetime) || !TryTime(ref bytes, out var whileRevalidate) || !TryTime(ref bytes, out var ifError)
            || !TryNumber(ref bytes, out var fields) || fields > MaxFields)
        {
            return false;
        }

        var headers = new KeyValuePair<string, StringValues>[fields];
        for (var i = 0; i < fields; i++)
        {
            if (!TryText(ref bytes, out var name) || name is null || !TryLines(ref bytes, out var lines))
                return false;
            headers[i] = new(name, lines);
        }

        var response = new StoredResponse
        {
            StatusCode = status,
            Identity = new StoredVariant(null, bytes.ToArray(), tag),
            ContentType = contentType,
            LastModified = lastModified,
            CacheControl = cacheControl,
            Vary = vary,
            Groups = groups,
            Headers = headers,
            Limits = new FreshnessLimits(lifetime, whileRevalidate, ifError),
            IsCompressible = isCompressible,
        };
        (value, size) = (response, response.Bytes);
        return true;
    }

    private static bool TryLines(ref ReadOnlySpan<byte> bytes, out StringValues lines)
    {
        lines = default;
        if (!TryNumber(ref bytes, out var count) || count > bytes.Length)
            return false;
        var read = new string?[count];
        for (var i = 0; i < count; i++)
        {
            if (!TryText(ref bytes, out read[i]))
                return false;
        }

        lines = read.Length == 1 ? new StringValues(read[0]) : new StringValues(read);
        return true;
    }

    private static void WriteByte(IBufferWriter<byte> target, byte value)
    {
        target.GetSpan(1)[0] = value;
        target.Advance(1);
    }

    private static void WriteNumber(IBufferWriter<byte> target, int number)
    {
        for (; number >= 0x80; number >>= 7)
            WriteByte(target, (byte)(number | 0x80));
        WriteByte(target, (byte)number);
    }

    private static void WriteTime(IBufferWriter<byte> target, TimeSpan time)
    {
        BinaryPrimitives.WriteInt64LittleEndian(target.GetSpan(8), (long)time.TotalMilliseconds);
        target.Advance(8);
    }

    private static void WriteText(IBufferWriter<byte> target, string? text)
    {
        if (text is null)
        {
            WriteByte(target, 0);
            return;
        }

        var bytes = Utf8.GetBytes(text);
        WriteNumber(target, bytes.Length + 1);
        target.Write(bytes);
    }

    private static bool TryNumber(ref ReadOnlySpan<byte> bytes, out int number)
    {
        number = 0;
        for (var shift = 0; shift < 28 && !bytes.IsEmpty; shift += 7)
        {
            var part = bytes[0];
            bytes = bytes[1..];
            number |= (part & 0x7F) << shift;
            if (part < 0x80)
                return true;
        }

        return false;
    }

    private static bool TryTime(ref ReadOnlySpan<byte> bytes, out TimeSpan time)
    {
        time = default;
        if (bytes.Length < 8 || BinaryPrimitives.ReadInt64LittleEndian(bytes) is var milliseconds && (milliseconds is < 0 or > long.MaxValue / TimeSpan.TicksPerMillisecond))
            return false;
        time = TimeSpan.FromTicks(milliseconds * TimeSpan.TicksPerMillisecond);
        bytes = bytes[8..];
        return true;
    }

    private static bool TryText(ref ReadOnlySpan<byte> bytes, out string? text)
    {
        text = null;
        if (!TryNumber(ref bytes, out var length) || --length > bytes.Length)
            return false;
        if (length < 0)
            return true;
        text = Utf8.GetString(bytes[..length]);
        bytes = bytes[length..];
        return true;
    }
}
