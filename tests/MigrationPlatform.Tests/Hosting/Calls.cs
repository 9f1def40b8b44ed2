using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace MigrationPlatform.Tests.Hosting;

/// <summary>Calls of the API as tests say them: a path under <c>/api/v1</c> in, JSON or a problem out.</summary>
internal static class Calls
{
    private const string Root = "/api/v1/";

    public static async Task<JsonElement> ReadAsync(this HttpClient client, string path)
    {
        using var answer = await client.GetAsync(Root + path);
        return await answer.BodyAsync(HttpStatusCode.OK);
    }

    public static async Task<JsonElement> WriteAsync(
        this HttpClient client, HttpMethod method, string path, object body, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var request = new HttpRequestMessage(method, Root + path) { Content = JsonContent.Create(body) };
        using var answer = await client.SendAsync(request);
        return await answer.BodyAsync(expected);
    }

    public static async Task<JsonElement> ImportAsync(
        this HttpClient client, string engagement, string csv, HttpStatusCode expected = HttpStatusCode.Created)
    {
        using var content = new StringContent(csv, Encoding.UTF8, "text/csv");
        using var answer = await client.PostAsync($"{Root}imports?engagementId={engagement}", content);
        return await answer.BodyAsync(expected);
    }

    /// <summary>The read must end in a problem with this status.</summary>
    public static async Task<JsonElement> RefusedAsync(this HttpClient client, string path, HttpStatusCode expected)
    {
        using var answer = await client.GetAsync(Root + path);
        return await answer.BodyAsync(expected);
    }

    /// <summary>Where the answer came from: <c>HIT</c>, <c>MISS</c>, <c>STALE</c> or <c>BYPASS</c>.</summary>
    public static async Task<string> XCacheAsync(this HttpClient client, string path)
    {
        using var answer = await client.GetAsync(Root + path);
        return answer.Headers.GetValues("X-Cache").Single();
    }

    public static long Version(this JsonElement body) => body.GetProperty("version").GetInt64();

    public static string Text(this JsonElement body, string name) => body.GetProperty(name).GetString()!;

    public static IReadOnlyList<JsonElement> Items(this JsonElement body) => [.. body.GetProperty("items").EnumerateArray()];

    private static async Task<JsonElement> BodyAsync(this HttpResponseMessage answer, HttpStatusCode expected)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == expected, $"{(int)answer.StatusCode}, not {(int)expected}: {text}");
        var type = (int)expected < 400 ? "application/json" : "application/problem+json";
        Assert.Equal(type, answer.Content.Headers.ContentType?.MediaType);
        var body = JsonDocument.Parse(text).RootElement;
        if ((int)expected >= 400) Assert.Equal((int)expected, body.GetProperty("status").GetInt32());
        return body;
    }
}
