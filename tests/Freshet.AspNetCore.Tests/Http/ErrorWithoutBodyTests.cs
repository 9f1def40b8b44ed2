using System.Net;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.AspNetCore.Tests.Http;

public class ErrorWithoutBodyTests
{
    [Theory]
    [InlineData("/cached")]
    [InlineData("/plain")]
    public async Task StatusCodePagesFurtherOut_WriteTheBody(string path)
    {
        await using var app = await TestApp.StartAsync(
            a =>
            {
                a.MapGet("/cached", () => Results.NotFound()).Cached();
                a.MapGet("/plain", () => Results.NotFound());
            },
            services: services => services.AddProblemDetails(),
            pipeline: a => a.UseStatusCodePages());

        var answer = await app.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Header("Content-Type"));
    }
}
