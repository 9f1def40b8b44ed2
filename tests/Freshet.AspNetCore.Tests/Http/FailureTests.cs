using System.Collections.Concurrent;
using System.Net;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Freshet.AspNetCore.Tests.Http;

/// <summary>What a cached handler throws goes the way it would go without the cache.</summary>
public class FailureTests
{
    private sealed class OutOfStockException() : Exception("out of stock");

    private static readonly Func<string> Fail = () => throw new OutOfStockException();

    [Fact]
    public async Task MiddlewareOfTheApplication_GetsTheOriginalException()
    {
        Exception? seen = null;
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", Fail).Cached(), pipeline: a => a.Use(async (context, next) =>
        {
            try
            {
                await next(context);
            }
            catch (OutOfStockException e)
            {
                seen = e;
                context.Response.StatusCode = 409;
                await context.Response.WriteAsync("mine");
            }
        }));

        var answer = await app.GetAsync("/x");
        Assert.Equal((HttpStatusCode.Conflict, "mine"), (answer.StatusCode, await answer.TextAsync()));
        // From where it was thrown, for whoever reads the log; which the cache leaves to the application.
        Assert.Contains(nameof(FailureTests), seen!.StackTrace, StringComparison.Ordinal);
        Assert.Empty(app.Log.Errors);
    }

    [Fact]
    public async Task LeaderAndFollowers_EachPipelineGetsTheOriginalException()
    {
        var loads = 0;
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var arrived = new SemaphoreSlim(0);
        var seen = new ConcurrentBag<Exception>();
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", async () =>
            {
                if (Interlocked.Increment(ref loads) == 1)
                    running.SetResult();
                await goOn.Task;
                Fail();
            }).Cached(),
            pipeline: a => a.Use(async (context, next) =>
            {
                var serving = next(context);
                arrived.Release();
                try
                {
                    await serving;
                }
                catch (Exception e)
                {
                    seen.Add(e);
                    context.Response.StatusCode = 409;
                }
            }));

        var requests = new List<Task<HttpResponseMessage>> { app.GetAsync("/x") };
        await running.Task;
        for (var i = 0; i < 4; i++)
            requests.Add(app.GetAsync("/x"));
        for (var i = 0; i < requests.Count; i++)
            await arrived.WaitAsync();
        goOn.SetResult();

        Assert.All(await Task.WhenAll(requests), r => Assert.Equal(HttpStatusCode.Conflict, r.StatusCode));
        Assert.Equal(5, seen.Count);
        Assert.All(seen, e => Assert.IsType<OutOfStockException>(e));
        Assert.Equal(2, loads); // the second is the one retry
    }

    [Theory]
    [InlineData("lambda")]
    [InlineData("path")]
    [InlineData("problem details")]
    public async Task UseExceptionHandler_Answers(string kind)
    {
        await using var app = await TestApp.StartAsync(
            a =>
            {
                a.MapGet("/x", Fail).Cached();
                a.MapGet("/error", (HttpContext http) => $"sorry, {Error(http)}");
            },
            services: s => s.AddProblemDetails(),
            pipeline: a => _ = kind switch
            {
                "lambda" => a.UseExceptionHandler(inner => inner.Run(http => http.Response.WriteAsync($"sorry, {Error(http)}"))),
                "path" => a.UseExceptionHandler("/error").UseRouting(),
                _ => a.UseExceptionHandler(new ExceptionHandlerOptions { StatusCodeSelector = e => e is OutOfStockException ? 409 : 500 }),
            });

        var answer = await app.GetAsync("/x");
        var text = await answer.TextAsync();
        if (kind == "problem details")
            Assert.Equal((HttpStatusCode.Conflict, "application/problem+json"), (answer.StatusCode, answer.Header("Content-Type")));
        else
            Assert.Equal((HttpStatusCode.InternalServerError, "sorry, out of stock"), (answer.StatusCode, text));
        Assert.Contains("An unhandled exception has occurred", Assert.Single(app.Log.Errors), StringComparison.Ordinal);

        static string? Error(HttpContext http) => http.Features.Get<IExceptionHandlerFeature>()?.Error.Message;
    }

    [Fact]
    public async Task DefaultApplicationInDevelopment_ShowsItsExceptionPage()
    {
        // The developer exception page of WebApplication stands inside of startup filters.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddFreshet();
        await using var app = builder.Build();
        app.UseFreshet();
        app.MapGet("/x", Fail).Cached();
        await app.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };
        client.DefaultRequestHeaders.Add("Accept", "text/html");

        var answer = await client.GetAsync(new Uri("/x", UriKind.Relative));
        Assert.Equal((HttpStatusCode.InternalServerError, "text/html"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        Assert.Contains(nameof(OutOfStockException), await answer.TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task NobodyHandlesIt_IsAProblem_WithoutTheHeadOfTheAnswerThatNeverCame()
    {
        var tags = new TaskCompletionSource<KeyValuePair<string, object?>[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", Fail).Cached(), pipeline: a => a.Use((context, next) =>
        {
            context.Features.Set<IHttpMetricsTagsFeature>(new MetricsTags());
            context.Response.OnCompleted(() =>
            {
                tags.SetResult([.. context.Features.GetRequiredFeature<IHttpMetricsTagsFeature>().Tags]);
                return Task.CompletedTask;
            });
            context.Response.Headers["X-Total"] = "17";
            return next(context);
        }));

        var answer = await app.GetAsync("/x");
        Assert.Equal((HttpStatusCode.InternalServerError, "application/problem+json"), (answer.StatusCode, answer.Header("Content-Type")));
        Assert.Equal(("", "no-store"), (answer.Header("X-Total"), answer.Header("Cache-Control")));
        Assert.DoesNotContain("stock", await answer.TextAsync(), StringComparison.Ordinal);
        Assert.Contains("The handler of", Assert.Single(app.Log.Errors), StringComparison.Ordinal);
        Assert.Contains(await tags.Task, t => t is { Key: "error.type", Value: string type } && type.Contains(nameof(OutOfStockException), StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnotherEndpoint_ItsExceptionIsLeftToTheServer()
    {
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", Fail));
        var answer = await app.GetAsync("/x");
        Assert.Equal((HttpStatusCode.InternalServerError, ""), (answer.StatusCode, await answer.TextAsync()));
        Assert.Contains("unhandled exception", Assert.Single(app.Log.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExceptionHandlersThatSaidNo_AreAskedOnce()
    {
        var refusing = new Refusing();
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", Fail).Cached(),
            services: s => s.AddSingleton<IExceptionHandler>(refusing),
            // Its error page fails as well, so the exception goes on.
            pipeline: a => a.UseExceptionHandler(inner => inner.Run(_ => throw new InvalidOperationException("page"))));
        Assert.Equal("application/problem+json", (await app.GetAsync("/x")).Header("Content-Type"));
        Assert.Equal(1, refusing.Asked);
    }

    [Fact]
    public async Task AfterTheAnswerHasBegun_TheClientIsCutOffAndThePipelineKnows()
    {
        Exception? seen = null;
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", async (HttpContext http) =>
            {
                http.Features.Get<IHttpResponseBodyFeature>()!.DisableBuffering();
                await http.Response.WriteAsync("half");
                await http.Response.Body.FlushAsync();
                Fail();
            }).Cached(c => c.StaleIfError(TimeSpan.FromMinutes(1))),
            pipeline: a => a.Use(async (context, next) =>
            {
                try
                {
                    await next(context);
                }
                catch (Exception e)
                {
                    seen = e;
                    throw;
                }
            }));

        await Assert.ThrowsAsync<HttpRequestException>(() => app.GetAsync("/x"));
        Assert.IsType<OutOfStockException>(seen);
    }

    [Fact]
    public async Task ClientThatLeft_EndsItsPipelineAsWithoutTheCache()
    {
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var seen = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", async (CancellationToken cancel) =>
            {
                running.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, cancel);
            }).Cached(),
            pipeline: a => a.Use(async (context, next) =>
            {
                try
                {
                    await next(context);
                }
                catch (Exception e)
                {
                    seen.SetResult(e);
                    throw;
                }

                seen.SetResult(null);
            }));

        using var abort = new CancellationTokenSource();
        var request = app.Client.GetAsync(new Uri(app.Address, "/x"), abort.Token);
        await running.Task;
        await abort.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        Assert.IsAssignableFrom<OperationCanceledException>(await seen.Task);
        Assert.Empty(app.Log.Errors);
    }

    [Fact]
    public async Task Development_LogsTheStatusThatThePipelineChose()
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", Fail).Cached(),
            environment: "Development",
            pipeline: a => a.Use((context, next) =>
            {
                context.Response.OnCompleted(() =>
                {
                    ended.SetResult();
                    return Task.CompletedTask;
                });
                return next(context);
            }).UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = _ => Task.CompletedTask, StatusCodeSelector = _ => 409 }));
        await app.GetAsync("/x");
        await ended.Task;
        Assert.Single(app.Log.Lines, l => l.Text == "GET /x 409 MISS (failed)");
    }

    private sealed class Refusing : IExceptionHandler
    {
        public int Asked { get; private set; }

        public ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
        {
            Asked++;
            return new(false);
        }
    }

    private sealed class MetricsTags : IHttpMetricsTagsFeature
    {
        public ICollection<KeyValuePair<string, object?>> Tags { get; } = [];

        public bool MetricsDisabled { get; set; }
    }
}
