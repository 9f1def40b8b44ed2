using System.Security.Claims;
using Freshet.AspNetCore.Http;
using Freshet.AspNetCore.Security;
using Freshet.Invalidation;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;

namespace Freshet.AspNetCore.Events;

/// <summary>Answers the address of the events: WebSocket, event stream, or why not.</summary>
internal sealed class EventEndpoint(
    CacheEventManager manager, TenantResolver tenants, EntityModelSource model, IOptions<CacheEventOptions> options,
    IOptions<FreshetHttpOptions> http, ILogger<CacheEventManager> log)
{
    /// <summary>The protocol's name, as clients offer it.</summary>
    public const string SubProtocol = "freshet.v1";

    public async Task AnswerAsync(HttpContext context)
    {
        var isWebSocket = context.WebSockets.IsWebSocketRequest;
        if (!isWebSocket && !AcceptsStream(context.Request))
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "connect with a WebSocket, or with Accept: text/event-stream");
            return;
        }

        // A page of another site must not read along with the cookies of ours; programs send no Origin.
        if (!IsAllowed(context.Request))
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "pages of this origin may not connect; see Freshet:Events:AllowedOrigins");
            return;
        }

        if (!tenants.TryResolve(context, out var tenant))
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "the request names no tenant");
            return;
        }

        // A token that is still good must not bring back whom a recheck has sent away.
        if (options.Value.MayStay is { } mayStay && !await mayStay(context.User, context.RequestServices, context.RequestAborted))
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "the user has no right to hear events");
            return;
        }

        var arrival = RequestState.Of(context)?.Arrival ?? default;
        var client = new EventClient(tenant, UserOf(context.User), context.User, await ExpiresAsync(context), arrival);
        if (manager.TryEnter(client) is var (status, refusal))
        {
            context.Response.Headers.RetryAfter = "10";
            await RefuseAsync(context, status, refusal);
            return;
        }

        try
        {
            if (isWebSocket)
                await ServeSocketAsync(context, client);
            else
                await ServeStreamAsync(context, client);
        }
        finally
        {
            manager.Leave(client);
        }
    }

    private async Task ServeSocketAsync(HttpContext context, EventClient client)
    {
        var offered = context.WebSockets.WebSocketRequestedProtocols;
        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            SubProtocol = offered.Contains(SubProtocol, StringComparer.Ordinal) ? SubProtocol : null,
            // The protocol has beats of its own, which pages can hear too.
            KeepAliveInterval = TimeSpan.Zero,
        });
        var connection = new WebSocketConnection(client, manager.ChannelOf(client), manager.Clock, socket, model.Model);
        manager.Start(connection, PositionIn(context.Request.QueryString));
        try
        {
            await connection.ReceiveAsync(context);
        }
        finally
        {
            connection.Channel.Remove(connection);
        }
    }

    private async Task ServeStreamAsync(HttpContext context, EventClient client)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var headers = context.Response.Headers;
        headers.ContentType = "text/event-stream";
        headers.CacheControl = "no-store";
        // Proxies of nginx's kind would hold it back.
        headers["X-Accel-Buffering"] = "no";
        await context.Response.StartAsync();

        var connection = new StreamConnection(client, manager.ChannelOf(client), manager.Clock, context);
        var last = context.Request.Headers["Last-Event-ID"];
        manager.Start(connection, last.Count > 0 ? last : PositionIn(context.Request.QueryString));
        try
        {
            await using var left = context.RequestAborted.Register(static c => ((EventConnection)c!).Abort(), connection);
            await connection.Ended;
        }
        finally
        {
            connection.Leave();
            connection.Channel.Remove(connection);
        }
    }

    // Read in place: the parsed query would be kept for as long as the connection.
    private static string? PositionIn(QueryString query)
    {
        foreach (var pair in new QueryStringEnumerable(query.Value))
        {
            if (pair.DecodeName().Span is "position")
                return pair.DecodeValue().ToString();
        }

        return null;
    }

    private async Task RefuseAsync(HttpContext context, int status, string reason)
    {
        EventLog.Refused(log, reason);
        await ProblemWriter.WriteAsync(context, status, reason);
    }

    private static bool AcceptsStream(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Headers.Accept.Any(a => a?.Contains("text/event-stream", StringComparison.OrdinalIgnoreCase) == true);

    private bool IsAllowed(HttpRequest request)
    {
        var origin = request.Headers.Origin;
        var allowed = options.Value.AllowedOrigins;
        // A page may ask without saying whose it is (no-cors), and then its browser says that it is another site's.
        if (origin.Count == 0)
            return request.Headers["Sec-Fetch-Site"].ToString() is not ("cross-site" or "same-site") || allowed.Contains("*");
        return allowed.Contains("*")
            || allowed.Contains(origin.ToString(), StringComparer.OrdinalIgnoreCase)
            || (Uri.TryCreate(origin.ToString(), UriKind.Absolute, out var uri)
                && string.Equals(uri.Scheme, request.Scheme, StringComparison.OrdinalIgnoreCase)
                && string.Equals(uri.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }

    private string? UserOf(ClaimsPrincipal user) => user.Identity?.IsAuthenticated != true
        ? null
        : http.Value.UserClaims.Select(type => user.FindFirstValue(type)).FirstOrDefault(id => !string.IsNullOrEmpty(id));

    // What the authentication of this request found out; the token itself is not kept.
    private static async Task<DateTimeOffset?> ExpiresAsync(HttpContext context)
    {
        if (context.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult is { } known)
            return known.Properties?.ExpiresUtc;
        return context.RequestServices.GetService<IAuthenticationSchemeProvider>() is { } schemes && await schemes.GetDefaultAuthenticateSchemeAsync() is not null
            ? (await context.AuthenticateAsync()).Properties?.ExpiresUtc
            : null;
    }
}
