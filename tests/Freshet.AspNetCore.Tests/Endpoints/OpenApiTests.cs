using System.Text.Json;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.AspNetCore.Tests.Endpoints;

public class OpenApiTests
{
    [Fact]
    public async Task CachedEndpoint_IsDescribedOnce_With304()
    {
        await using var app = await TestApp.StartAsync(
            a =>
            {
                a.MapGet("/imports/{id}", (int id) => $"{id}").WithName("GetImport").Cached();
                a.MapPost("/imports/{id}", (int id) => $"{id}").WithName("ChangeImport");
                a.MapGet("/plain", () => "x").WithName("Plain");
                a.MapOpenApi();
            },
            services: s => s.AddOpenApi());

        using var document = JsonDocument.Parse(await (await app.GetAsync("/openapi/v1.json")).TextAsync());
        var operations = document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Where(o => o.Value.ValueKind is JsonValueKind.Object).Select(o =>
                $"{o.Name} {path.Name} {o.Value.GetProperty("operationId").GetString()} {string.Join(',', o.Value.GetProperty("responses").EnumerateObject().Select(r => r.Name))}"))
            .Order(StringComparer.Ordinal);
        Assert.Equal("get /imports/{id} GetImport 200,304; get /plain Plain 200; post /imports/{id} ChangeImport 200", string.Join("; ", operations));
        Assert.Equal(System.Net.HttpStatusCode.OK, (await app.SendAsync(HttpMethod.Head, "/imports/7")).StatusCode);
    }
}
