using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Freshet.Client;

/// <summary>
/// Gives kept answers without a call, revalidates them with their entity tag, drops what a write touched before the write's answer
/// is handed on, and sends the latest known position with each request. Other origins' requests pass untouched. Safe for
/// concurrent use.
/// </summary>
public sealed class FreshetHandler : DelegatingHandler
{
    private const string Position = "Freshet-Position";

    // Asks the server to name the place of its answer, or says that a writer keeps answers (E1).
    private const string Unknown = "?";
    private static readonly HttpRequestOptionsKey<TimeSpan> Age = new("Freshet.Client.Age");
    private static readonly string[] Keyed = ["Authorization", "Accept", "Accept-Language"];

    // These ask a cache for something else than its answer (RFC 9110 §13.1, §14.2; RFC 9111 §5.2.1).
    private static readonly string[] Particular =
        ["Cache-Control", "Pragma", "Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"];

    private readonly FreshetClient _client;

    internal FreshetHandler(FreshetClient client, HttpMessageHandler inner)
        : base(inner) => _client = client;

    /// <summary>How old the kept answer was that was given for this one; null when the server was asked.</summary>
    public static TimeSpan? AgeOf(HttpResponseMessage response)
    {
        ArgumentNullException.ThrowIfNull(response);
        return response.RequestMessage?.Options.TryGetValue(Age, out var age) == true ? age : null;
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!_client.IsOfOrigin(request.RequestUri))
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (request.Method == HttpMethod.Get)
            return await ReadAsync(request, cancellationToken).ConfigureAwait(false);
        if (request.Method == HttpMethod.Head || request.Method == HttpMethod.Options)
            return await CallAsync(request, cancellationToken).ConfigureAwait(false);
        return await WriteAsync(request, cancellationToken).ConfigureAwait(false);
    }

    // The inherited one passes this handler by: a write would go unnoticed.
    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Task.Run(() => SendAsync(request, cancellationToken), cancellationToken).GetAwaiter().GetResult();

    private async Task<HttpResponseMessage> ReadAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        // A request that is sent again, as retries do, carries nothing of its last time.
        ((IDictionary<string, object?>)request.Options).Remove(Age.Key);
        if (request.Content is not null || Array.Exists(Particular, request.Headers.Contains))
            return await CallAsync(request, cancel).ConfigureAwait(false);

        // A field's value has no line break, so no two requests have one key.
        var address = request.RequestUri!;
        var key = string.Join(
            '\n', Keyed.Select(name => HeaderText.Of(request.Headers, name)).Prepend(address.AbsoluteUri).Append(HeaderText.Cookies(request.Headers)));
        var (kept, age) = _client.Find(key, request.Headers);
        if (age is { } known)
        {
            request.Options.Set(Age, known);
            return kept!.ToResponse(request);
        }

        if (kept?.ETag is { } etag)
            request.Headers.TryAddWithoutValidation("If-None-Match", etag);
        var flight = _client.Depart();
        try
        {
            Carry(request, flight.Position.IsNowhere ? Unknown : flight.Position.ToString());
            var answer = await base.SendAsync(request, cancel).ConfigureAwait(false);
            NoteWhatAReadHasWritten(flight, answer);
            if (answer.RequestMessage?.RequestUri is { } final && final != address)
            {
                // The inner handler has followed a redirection: the groups are those of the other address.
                _client.Forget(key);
                return answer;
            }

            if (kept is not null && answer.StatusCode is HttpStatusCode.NotModified)
                return Renew(request, kept, answer, flight);
            return await KeepAsync(request, key, answer, flight, cancel).ConfigureAwait(false);
        }
        finally
        {
            _client.Land(flight);
            if (kept?.ETag is not null)
                request.Headers.Remove("If-None-Match");
        }
    }

    private async Task<HttpResponseMessage> CallAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        var flight = _client.Depart();
        try
        {
            Carry(request, flight.Position.ToString());
            var answer = await base.SendAsync(request, cancel).ConfigureAwait(false);
            NoteWhatAReadHasWritten(flight, answer);
            return answer;
        }
        finally
        {
            _client.Land(flight);
        }
    }

    private async Task<HttpResponseMessage> WriteAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        var (address, method) = (request.RequestUri, request.Method);
        var flight = _client.Depart(isWrite: true);
        try
        {
            Carry(request, $"{flight.Position}{(flight.Position.IsNowhere ? "" : ".")}{Unknown}{flight.Room.ToString(CultureInfo.InvariantCulture)}");
            var answer = await base.SendAsync(request, cancel).ConfigureAwait(false);
            // A redirection that the inner handler followed has hidden the write's own answer.
            var isRedirected = answer.RequestMessage is { } final && (final.RequestUri != address || final.Method != method);
            // A gateway's fault leaves open what was done.
            Acknowledge(flight, answer, isOpen: isRedirected || (int)answer.StatusCode >= 500);
            return answer;
        }
        catch
        {
            _client.Written(flight, Touch.Anything, ClientPosition.Nowhere); // it may have been done or not
            throw;
        }
        finally
        {
            _client.Land(flight);
        }
    }

    // A GET may write, too (C9). The position of an answer that belongs to groups is its place, or where the server stands by now.
    private void NoteWhatAReadHasWritten(Flight flight, HttpResponseMessage answer)
    {
        if (HeaderText.Of(answer.Headers, "Cache-Group-Invalidation").Length > 0 || !answer.Headers.Contains("Cache-Groups"))
            Acknowledge(flight, answer, isOpen: false);
    }

    // E8.4: before the answer is handed on, what it says was written is no longer given, and is carried from now on.
    private void Acknowledge(Flight flight, HttpResponseMessage answer, bool isOpen)
    {
        var field = HeaderText.Of(answer.Headers, "Cache-Group-Invalidation");
        // A field that cannot be read leaves open what was done.
        var groups = field.Length > 0 ? GroupList.Parse(field) : isOpen ? null : [];
        var position = ClientPosition.Parse(HeaderText.Of(answer.Headers, Position));
        var isEverything = groups is null || groups.Contains(GroupList.Everything, StringComparer.Ordinal);
        // What waits to be logged, and what a write does after its head, the position does not tell.
        var isTold = !isEverything && HeaderText.Of(answer.Headers, "Freshet-Pending").Length == 0;
        var touched = isEverything ? Touch.Anything : new Touch(groups, isTold ? position : ClientPosition.Nowhere);
        _client.Written(flight, groups is [] ? null : touched, position);
        if (isEverything)
            answer.Content = new EndNoticedContent(answer.Content, () => _client.Written(flight, Touch.Anything, ClientPosition.Nowhere));
    }

    private HttpResponseMessage Renew(HttpRequestMessage request, KeptAnswer kept, HttpResponseMessage answer, Flight flight)
    {
        using (answer)
        {
            // RFC 9111 §3.2: a 304 renews the stored fields.
            var renewed = Headers(answer.Headers);
            renewed.RemoveAll(h => h.Key.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase));
            var names = renewed.Select(h => h.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
            var groups = GroupList.Parse(HeaderText.Of(answer.Headers, "Cache-Groups"));
            var next = kept with
            {
                Headers = [.. kept.Headers.Where(h => !names.Contains(h.Key)), .. renewed],
                Groups = groups ?? [],
                Place = flight.PlaceOf(HeaderText.Of(answer.Headers, Position)),
                Ticket = flight.Ticket,
                SentAt = flight.SentAt,
                Lifetime = HeaderText.Lifetime(answer.Headers),
            };
            if (groups is null || next.Lifetime == TimeSpan.Zero)
                _client.Forget(kept.Key);
            else
                _client.Keep(flight, next, isRenewed: true);
            return next.ToResponse(request);
        }
    }

    private async Task<HttpResponseMessage> KeepAsync(
        HttpRequestMessage request, string key, HttpResponseMessage answer, Flight flight, CancellationToken cancel)
    {
        var groups = GroupList.Parse(HeaderText.Of(answer.Headers, "Cache-Groups"));
        var lifetime = HeaderText.Lifetime(answer.Headers);
        var vary = HeaderText.Vary(answer.Headers, request.Headers, answer.Content.Headers.ContentEncoding.Count == 0);
        if (answer.StatusCode is not HttpStatusCode.OK || groups is null || vary is null || lifetime == TimeSpan.Zero || answer.Headers.Contains("Set-Cookie"))
        {
            // What the server says now goes before what it said then, but a fault says nothing.
            if ((int)answer.StatusCode < 500)
                _client.Forget(key);
            return answer;
        }

        var body = await answer.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false);
        var kept = new KeptAnswer
        {
            Key = key,
            Body = body,
            Headers = Headers(answer.Headers),
            ContentHeaders = Headers(answer.Content.Headers),
            Version = answer.Version,
            ETag = answer.Headers.ETag?.ToString(),
            Vary = vary,
            Groups = groups,
            Place = flight.PlaceOf(HeaderText.Of(answer.Headers, Position)),
            Ticket = flight.Ticket,
            SentAt = flight.SentAt,
            Lifetime = lifetime,
            IsLive = true,
        };
        answer.Dispose();
        _client.Keep(flight, kept, isRenewed: false);
        return kept.ToResponse(request);
    }

    private static void Carry(HttpRequestMessage request, string position)
    {
        request.Headers.Remove(Position);
        if (position.Length > 0)
            request.Headers.TryAddWithoutValidation(Position, position);
    }

    private static List<KeyValuePair<string, string[]>> Headers(HttpHeaders headers) =>
        [.. headers.NonValidated.Select(h => KeyValuePair.Create(h.Key, h.Value.ToArray()))];
}
