using System.Text;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.AspNetCore.Tests.Http;

// The test project runs optimised code from the start; see its project file.
public class AllocationTests
{
    // A hit ends on the thread on which it began, so what that thread allocates in between is the hit's own.
    [Theory]
    [InlineData(null)]
    [InlineData("*")]
    public async Task Hit_AllocatesAtMost100Bytes(string? ifNoneMatch)
    {
        long allocated = -1;
        var text = Encoding.ASCII.GetString(new byte[1024]).Replace('\0', 'a');
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/items/{id}", (string id, int? page) => text).Cached(c => c.Public()),
            services: s => s.AddSingleton(TimeProvider.System), // the fake clock allocates when it is read
            pipeline: a => a.Use((context, next) =>
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                var serving = next(context);
                allocated = serving.IsCompletedSuccessfully ? GC.GetAllocatedBytesForCurrentThread() - before : -1;
                return serving;
            }));

        // Code that the runtime has not optimised yet allocates for its own purposes: asked until it has been.
        var least = long.MaxValue;
        for (var i = 0; i < 20_000 && least > 100; i++)
        {
            var response = ifNoneMatch is null ? await app.GetAsync("/items/7?page=2") : await app.GetAsync("/items/7?page=2", ("If-None-Match", ifNoneMatch));
            if (response.XCache() == "HIT" && allocated >= 0)
                least = Math.Min(least, allocated);
        }

        Assert.True(least <= 100, $"A hit allocates {least} B.");
    }
}
