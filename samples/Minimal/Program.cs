// Freshet in three lines: AddFreshet, UseFreshet, Cached. Start it with `dotnet run --project samples/Minimal`, then:
//
//   curl -i localhost:5000/time                   X-Cache: MISS
//   curl -i localhost:5000/time                   X-Cache: HIT, the same time
//   curl -i -X POST localhost:5000/time/touch     touches the tag "time"
//   curl -i localhost:5000/time                   X-Cache: MISS, a later time

using Freshet;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddFreshet();

var app = builder.Build();
app.UseFreshet();
app.MapGet("/time", (TimeProvider time) => time.GetUtcNow()).Cached(policy => policy.Tag("time"));
app.MapPost("/time/touch", (CacheInvalidationService cache) => cache.InvalidateAsync(Tag.Of("time")));
await app.RunAsync();
