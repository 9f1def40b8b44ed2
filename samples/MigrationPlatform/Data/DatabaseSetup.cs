using Freshet;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace MigrationPlatform.Data;

/// <summary>Creates the database when it is missing and fills it when it is empty, before the first request.</summary>
internal sealed partial class DatabaseSetup(
    IServiceProvider services, TenantContext tenants, IOptions<PlatformOptions> options, ILogger<DatabaseSetup> log) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetFullPath(options.Value.DataFolder));
        await using var scope = services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PlatformDb>();
        await db.Database.EnsureCreatedAsync(cancellationToken);
        if (await db.Countries.AnyAsync(cancellationToken)) return;

        // All or nothing: a start that was cut short leaves an empty database, not half a tenant.
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        db.Countries.AddRange(Seed.Countries());
        foreach (var tenant in SeedTenant.All)
        {
            using var entered = tenants.Enter(tenant.Id);
            Seed.Fill(db, tenant);
            var rows = await db.SaveChangesAsync(cancellationToken);
            Seeded(rows, tenant.Id);
            db.ChangeTracker.Clear();
        }

        await transaction.CommitAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Information, Message = "Seeded {Rows} rows for {Tenant}")]
    private partial void Seeded(int rows, string tenant);
}
