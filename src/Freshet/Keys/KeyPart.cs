using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Freshet.Keys;

/// <summary>Why a part of a key, a tenant or a tag cannot be used.</summary>
internal enum KeyPartError : byte
{
    None,
    TooLong,
    LoneSurrogate,
    TooManyParts,
}

/// <summary>The rules that every part of every key, tenant and tag obeys: bounded, well-formed UTF-16, compared ordinally.</summary>
internal static class KeyPart
{
    /// <summary>The longest part, in UTF-16 code units.</summary>
    public const int MaxLength = 4096;

    /// <summary>The longest segment of a tag and the longest tenant name, in UTF-16 code units.</summary>
    public const int MaxSegmentLength = 512;

    public static KeyPartError Check(ReadOnlySpan<char> value, int maxLength = MaxLength)
    {
        if (value.Length > maxLength)
            return KeyPartError.TooLong;

        // A lone surrogate has no UTF-8 form: two different parts would become one when they are encoded.
        var at = value.IndexOfAnyInRange('\uD800', '\uDFFF');
        return at >= 0 && HasLoneSurrogate(value[at..]) ? KeyPartError.LoneSurrogate : KeyPartError.None;
    }

    /// <exception cref="ArgumentException">The value is null, too long or not well-formed; the message names the part.</exception>
    public static string Require(string? value, string part, int maxLength = MaxLength)
    {
        ArgumentNullException.ThrowIfNull(value, part);
        var error = Check(value, maxLength);
        return error is KeyPartError.None ? value : throw new ArgumentException(Describe(error, part, value.Length, maxLength), part);
    }

    public static string Describe(KeyPartError error, string part, int length, int maxLength) => error switch
    {
        KeyPartError.TooLong => $"The {part} has {length} characters; at most {maxLength} are allowed.",
        KeyPartError.LoneSurrogate => $"The {part} contains a lone surrogate, so it is not well-formed Unicode.",
        KeyPartError.TooManyParts => $"The {part} has too many parts.",
        _ => $"The {part} is valid.",
    };

    /// <summary>What stands for a text that breaks the rules: the SHA-256 of its UTF-16 code units, which any text has.</summary>
    public static string Hash(string text) => "sha256-" + Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(text.AsSpan())));

    private static bool HasLoneSurrogate(ReadOnlySpan<char> value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (!char.IsSurrogate(value[i]))
                continue;
            if (!char.IsHighSurrogate(value[i]) || i + 1 == value.Length || !char.IsLowSurrogate(value[i + 1]))
                return true;
            i++;
        }

        return false;
    }
}
