using System.Net;

namespace Freshet.Client;

/// <summary>An answer as it is kept. Immutable.</summary>
internal sealed record KeptAnswer
{
    public required string Key { get; init; }

    public required byte[] Body { get; init; }

    public required IReadOnlyList<KeyValuePair<string, string[]>> Headers { get; init; }

    public required IReadOnlyList<KeyValuePair<string, string[]>> ContentHeaders { get; init; }

    public required Version Version { get; init; }

    public required string? ETag { get; init; }

    /// <summary>The request's fields that the answer varies by, and their values.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Vary { get; init; }

    public required IReadOnlyList<string> Groups { get; init; }

    /// <summary>It is right here: what was touched up to here does not concern it.</summary>
    public required ClientPosition Place { get; init; }

    /// <summary>That of its request.</summary>
    public required long Ticket { get; init; }

    /// <summary>When its request was sent.</summary>
    public required Moment SentAt { get; init; }

    /// <summary>For how long after that it may be used without asking.</summary>
    public required TimeSpan Lifetime { get; init; }

    /// <summary>False once something that it was made from was touched after its place: then it is only good for its entity tag.</summary>
    public required bool IsLive { get; init; }

    public long Bytes => Body.Length + (2L * Key.Length) + 600;

    public HttpResponseMessage ToResponse(HttpRequestMessage request)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request, Version = Version, Content = new ByteArrayContent(Body) };
        foreach (var (name, values) in Headers)
            response.Headers.TryAddWithoutValidation(name, values);
        foreach (var (name, values) in ContentHeaders)
            response.Content.Headers.TryAddWithoutValidation(name, values);
        return response;
    }
}
