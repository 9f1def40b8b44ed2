using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace MigrationPlatform.Data;

internal static class PlatformDatabase
{
    /// <summary>PostgreSQL when the connection string <c>Platform</c> is given, else a SQLite file in the data folder.</summary>
    public static void AddPlatformDatabase(this IServiceCollection services)
    {
        services.AddDbContext<PlatformDb>((provider, options) =>
        {
            var postgres = provider.GetRequiredService<IConfiguration>().GetConnectionString("Platform");
            if (string.IsNullOrWhiteSpace(postgres))
            {
                var file = provider.GetRequiredService<IOptions<PlatformOptions>>().Value.DataPath("platform.db");
                options.UseSqlite($"Data Source={file}");
            }
            else
            {
                options.UseNpgsql(postgres);
            }
        });
        services.AddHostedService<DatabaseSetup>();
    }
}
