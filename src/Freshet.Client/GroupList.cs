using System.Text;

namespace Freshet.Client;

/// <summary>The names of groups in a header: a list of strings (RFC 9875; RFC 8941 §3.1, §3.3.3).</summary>
internal static class GroupList
{
    /// <summary>Names everything that is kept.</summary>
    public const string Everything = "*";

    private const int MaxChars = 32 * 1024;

    /// <returns>The names; null when the field is absent, empty, malformed or beyond all bounds: never a part of what it says.</returns>
    public static IReadOnlyList<string>? Parse(string? field)
    {
        if (string.IsNullOrEmpty(field) || field.Length > MaxChars)
            return null;
        var names = new List<string>();
        var rest = field.AsSpan().Trim(' ');
        while (true)
        {
            if (ParseString(ref rest) is not { } name)
                return null;
            names.Add(name);
            // Parameters are passed over: RFC 9875 §2 gives them no meaning.
            if (rest is [';', ..])
                rest = rest[Math.Max(0, rest.IndexOf(',') is var comma and >= 0 ? comma : rest.Length)..];
            rest = rest.TrimStart(" \t");
            if (rest.IsEmpty)
                return names;
            if (rest[0] != ',')
                return null;
            rest = rest[1..].TrimStart(" \t");
        }
    }

    private static string? ParseString(ref ReadOnlySpan<char> rest)
    {
        if (rest is not ['"', ..])
            return null;
        var name = new StringBuilder();
        for (var i = 1; i < rest.Length; i++)
        {
            switch (rest[i])
            {
                case '"':
                    rest = rest[(i + 1)..];
                    return name.ToString();
                case '\\':
                    if (++i == rest.Length || rest[i] is not ('"' or '\\'))
                        return null;
                    name.Append(rest[i]);
                    break;
                case >= ' ' and <= '~' and var c:
                    name.Append(c);
                    break;
                default:
                    return null;
            }
        }

        return null;
    }
}
