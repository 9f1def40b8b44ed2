using System.Globalization;

namespace Freshet.Keys;

/// <summary>
/// Texts that a client or a programmer writes for a key, spelled as the tags of rows spell it (KeyText): <c>007</c> is 7, a Guid in
/// capitals or braces has its usual form. Null for a text that is no such key. Pure.
/// </summary>
internal static class KeySpelling
{
    // No key of these kinds is longer.
    private const int MaxLength = 128;

    public static string? OfGuid(string text) => text.Length <= MaxLength && Guid.TryParse(text, out var guid) ? guid.ToString("D") : null;

    public static string? OfInteger(string text) => text.Length > MaxLength ? null
        : Int128.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number.ToString(CultureInfo.InvariantCulture)
        : TryHex(text.AsSpan().Trim(), out var hex) ? hex.ToString(CultureInfo.InvariantCulture)
        : null;

    public static string? OfBoolean(string text) => bool.TryParse(text, out var boolean) ? (boolean ? "true" : "false") : null;

    public static string? OfDate(string text) =>
        text.Length <= MaxLength && DateOnly.TryParse(text, CultureInfo.InvariantCulture, out var date) ? date.ToString("O", CultureInfo.InvariantCulture) : null;

    // MVC binds whole numbers by their type converter, which takes these.
    private static bool TryHex(ReadOnlySpan<char> text, out long value)
    {
        value = 0;
        var digits = text switch
        {
            ['#', ..] => text[1..],
            ['0' or '&', 'x' or 'X' or 'h' or 'H', ..] => text[2..],
            _ => default,
        };
        return !digits.IsEmpty && long.TryParse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out value);
    }
}
