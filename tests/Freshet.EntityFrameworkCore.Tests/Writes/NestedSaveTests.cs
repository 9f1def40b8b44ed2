using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.EntityFrameworkCore.Tests.Writes;

/// <summary>An application's own interceptors may save inside a save, for an outbox or an audit.</summary>
public class NestedSaveTests
{
    [Fact]
    public async Task C9_InterceptorSavesInsideASave_WhatTheOuterOneWroteIsTouched()
    {
        await using var app = await TestApp.StartAsync(
            null, s => s.AddSingleton<IDbContextOptionsConfiguration<TestDb>>(new WithSavingInterceptor()));
        await app.UseAsync(async db =>
        {
            db.Add(new Client { Id = 77, Name = "outer" });
            await db.SaveChangesAsync();
        });

        Assert.Contains(app.Store.Touched(), t => t.Contains("client/77", StringComparison.Ordinal));
    }

    private sealed class WithSavingInterceptor : IDbContextOptionsConfiguration<TestDb>
    {
        public void Configure(IServiceProvider serviceProvider, DbContextOptionsBuilder optionsBuilder) =>
            optionsBuilder.AddInterceptors(new SavingInterceptor());
    }

    private sealed class SavingInterceptor : SaveChangesInterceptor
    {
        private bool _isInside;

        public override async ValueTask<InterceptionResult<int>> SavingChangesAsync(
            DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            if (_isInside)
                return result;
            _isInside = true;
            var added = eventData.Context!.ChangeTracker.Entries().Single();
            added.State = EntityState.Detached;
            await eventData.Context.SaveChangesAsync(cancellationToken);
            added.State = EntityState.Added;
            return result;
        }
    }
}
