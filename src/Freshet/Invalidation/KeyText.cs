using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Freshet.Keys;

namespace Freshet.Invalidation;

/// <summary>What kind of value a key column holds, as the database compares it.</summary>
internal enum KeyKind : byte
{
    /// <summary>Values whose equality in the database is not the equality of their text (times, decimals, …): never a segment.</summary>
    Unsupported,
    Integer,
    Guid,
    Text,
    Boolean,
    Date,
}

/// <summary>
/// The one formatter from a key's value to the segment of a tag. Reads (parameters of commands) and writes (values of
/// properties) both go through it: two values get one segment exactly when the database takes them for equal.
/// </summary>
internal static class KeyText
{
    private static readonly FrozenDictionary<Type, KeyKind> Kinds = new Dictionary<Type, KeyKind>
    {
        [typeof(sbyte)] = KeyKind.Integer,
        [typeof(byte)] = KeyKind.Integer,
        [typeof(short)] = KeyKind.Integer,
        [typeof(ushort)] = KeyKind.Integer,
        [typeof(int)] = KeyKind.Integer,
        [typeof(uint)] = KeyKind.Integer,
        [typeof(long)] = KeyKind.Integer,
        [typeof(ulong)] = KeyKind.Integer,
        [typeof(Guid)] = KeyKind.Guid,
        [typeof(string)] = KeyKind.Text,
        [typeof(char)] = KeyKind.Text,
        [typeof(bool)] = KeyKind.Boolean,
        [typeof(DateOnly)] = KeyKind.Date,
    }.ToFrozenDictionary();

    public static KeyKind KindOf(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return Kinds.GetValueOrDefault(type.IsEnum ? Enum.GetUnderlyingType(type) : type);
    }

    /// <summary>Formats a value of a column of that kind.</summary>
    /// <returns>False when the value is null, of another kind, or cannot be a segment; then nothing finer than the type's
    /// tag may be said about it.</returns>
    public static bool TryFormat(object? value, KeyKind kind, [NotNullWhen(true)] out string? segment)
    {
        segment = null;
        if (value is null || kind is KeyKind.Unsupported || KindOf(value.GetType()) != kind)
            return false;

        var text = value switch
        {
            string s => s,
            char c => c.ToString(),
            bool b => b ? "true" : "false",
            Guid g => g.ToString("D"),
            DateOnly d => d.ToString("O", CultureInfo.InvariantCulture),
            Enum e => e.ToString("D"),
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => "",
        };

        if (text.Length == 0 || KeyPart.Check(text, KeyPart.MaxSegmentLength) is not KeyPartError.None)
            return false;
        segment = text;
        return true;
    }

    /// <summary>Formats a value whose column is not known, by its own type.</summary>
    public static bool TryFormat(object? value, [NotNullWhen(true)] out string? segment)
    {
        segment = null;
        return value is not null && TryFormat(value, KindOf(value.GetType()), out segment);
    }
}
