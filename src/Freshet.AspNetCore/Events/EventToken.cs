using System.Buffers.Text;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Events;

/// <summary>
/// Pages cannot send <c>Authorization</c> with a WebSocket. They offer their bearer token as a subprotocol instead, which,
/// unlike an address, no log keeps: <c>freshet.bearer.</c> and the Base64Url of the token.
/// </summary>
internal static class EventToken
{
    private const string Prefix = "freshet.bearer.";

    /// <summary>Makes it what it stands for, ahead of authentication. A request that has credentials of its own keeps them.</summary>
    public static void Take(HttpRequest request)
    {
        var offered = request.Headers.SecWebSocketProtocol;
        if (offered.Count == 0)
            return;
        var protocols = request.Headers.GetCommaSeparatedValues("Sec-WebSocket-Protocol");
        var others = Array.FindAll(protocols, p => !p.StartsWith(Prefix, StringComparison.Ordinal));
        if (others.Length == protocols.Length)
            return;

        var first = Array.Find(protocols, p => p.StartsWith(Prefix, StringComparison.Ordinal))!;
        // Nobody further in needs to see it.
        request.Headers.SecWebSocketProtocol = others.Length == 0 ? default : string.Join(", ", others);
        if (request.Headers.Authorization.Count == 0 && Decode(first.AsSpan(Prefix.Length)) is { } token)
            request.Headers.Authorization = $"Bearer {token}";
    }

    // Only what a header may hold; anything else is no token.
    private static string? Decode(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || !Base64Url.IsValid(text))
            return null;
        var token = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text));
        return token.Length > 0 && token.All(c => c is > ' ' and <= '~') ? token : null;
    }
}
