using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Freshet.Benchmarks.Http;

/// <summary>One way to answer the same request: a server of its own on a port of its own, in this process.</summary>
internal sealed class Contender : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly int _port;
    private byte[] _request = [];
    private string _status = "";
    private int _bodyLength;

    private Contender(string name, WebApplication app)
    {
        Name = name;
        _app = app;
        _port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
    }

    public string Name { get; }

    /// <summary>The head of the answer that the load will ask for, as far as the application chose it.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Head { get; private set; } = [];

    public int StatusCode { get; private set; }

    public static async Task<Contender> StartAsync(string name, Action<IServiceCollection> services, Action<WebApplication> pipeline)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        services(builder.Services);
        var app = builder.Build();
        pipeline(app);
        await app.StartAsync();
        return new Contender(name, app);
    }

    /// <summary>
    /// Asks twice, so that what is cached is there, and prepares the request of the load. With
    /// <paramref name="conditional"/>, it carries the entity tag of the first answer and expects 304; with
    /// <paramref name="authenticated"/>, a token that the server is asked for at /token.
    /// </summary>
    public async Task<Contender> PrepareAsync(bool conditional = false, bool authenticated = false)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}") };
        string? authorization = null;
        if (authenticated)
        {
            var token = await client.GetFromJsonAsync<JsonElement>("/token");
            authorization = $"Bearer {token.GetProperty("accessToken").GetString()}";
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);
        }

        string? entityTag = null;
        for (var i = 0; i < 2; i++)
        {
            using var first = await client.GetAsync("/data");
            first.EnsureSuccessStatusCode();
            entityTag = first.Headers.ETag?.ToString();
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, "/data");
        if (conditional)
            request.Headers.TryAddWithoutValidation("If-None-Match", entityTag ?? throw new InvalidOperationException($"{Name} sent no ETag."));
        using var answer = await client.SendAsync(request);
        StatusCode = (int)answer.StatusCode;
        if (StatusCode != (conditional ? 304 : 200))
            throw new InvalidOperationException($"{Name} answered {StatusCode}.");

        Head = [.. answer.Headers.Concat(answer.Content.Headers)
            .Where(header => header.Key is not ("Date" or "Server" or "Content-Length"))
            .Select(header => KeyValuePair.Create(header.Key, string.Join(", ", header.Value)))];
        _status = $"HTTP/1.1 {StatusCode}";
        _bodyLength = (await answer.Content.ReadAsByteArrayAsync()).Length;
        _request = Encoding.ASCII.GetBytes(
            $"GET /data HTTP/1.1\r\nHost: 127.0.0.1:{_port}\r\n"
            + (authorization is null ? "" : $"Authorization: {authorization}\r\n")
            + (conditional ? $"If-None-Match: {entityTag}\r\n" : "")
            + "\r\n");
        return this;
    }

    public LoadOrder Order(int connections, int pipeline, double seconds) =>
        new(_port, _request, _status, _bodyLength, connections, pipeline, seconds);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>Writes an answer as plainly as the framework can: the head, then the body that is ready.</summary>
    public static Task WriteAsync(HttpResponse response, int status, KeyValuePair<string, string>[] head, byte[] body)
    {
        response.StatusCode = status;
        var headers = response.Headers;
        foreach (var (name, value) in head)
            headers[name] = value;
        if (body.Length == 0)
            return Task.CompletedTask;
        headers.ContentLength = body.Length;
        return response.Body.WriteAsync(body, 0, body.Length);
    }
}
