using System.Text;

namespace Freshet.Diagnostics;

/// <summary>The text form of reasons, made once: kebab case, as in <c>touched-during-load</c>.</summary>
internal static class CacheReasonText
{
    private static readonly string[] Texts = [.. Enum.GetNames<CacheReason>().Select(Kebab)];

    public static string Text(this CacheReason reason) => Texts[(int)reason];

    internal static string Kebab(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        foreach (var c in name)
        {
            if (char.IsAsciiLetterUpper(c) && text.Length > 0)
                text.Append('-');
            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}
