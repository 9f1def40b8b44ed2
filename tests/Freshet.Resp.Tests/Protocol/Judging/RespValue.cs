using System.Globalization;
using System.Text;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Tests.Protocol.Judging;

/// <summary>A value of a frame, with its parts: what two readers must agree on. Attributes are no part of it.</summary>
internal sealed record RespValue(RespKind Kind, string Text, IReadOnlyList<RespValue> Parts)
{
    public RespValue(RespKind kind, string text = "")
        : this(kind, text, [])
    {
    }

    /// <summary>All of it, through the reader, from its current value on.</summary>
    public static RespValue Of(ref RespReader reader)
    {
        Assert.True(reader.Read());
        var (kind, text) = (reader.Kind, Encoding.Latin1.GetString(reader.Bytes));
        var parts = new RespValue[reader.Count];
        for (var i = 0; i < parts.Length; i++)
            parts[i] = Of(ref reader);
        return new RespValue(kind, text, parts);
    }

    public bool Equals(RespValue? other) => other is not null && Kind == other.Kind && Text == other.Text && Parts.SequenceEqual(other.Parts);

    public override int GetHashCode() => HashCode.Combine(Kind, Text, Parts.Count);

    /// <summary>The type's byte and the text, or the parts: <c>*[$a :1]</c>.</summary>
    public override string ToString() => Kind is RespKind.Array or RespKind.Set or RespKind.Push or RespKind.Map
        ? string.Create(CultureInfo.InvariantCulture, $"{(char)Kind}[{string.Join(' ', Parts)}]")
        : string.Create(CultureInfo.InvariantCulture, $"{(char)Kind}{Text}");
}
