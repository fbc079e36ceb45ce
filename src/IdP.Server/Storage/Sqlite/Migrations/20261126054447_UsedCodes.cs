using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace IdP.Server.Storage.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class UsedCodes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // What was marked here is not carried over: codes of the old form are refused from now on, used or not.
            migrationBuilder.DropTable(
                name: "consumed_codes");

            // EF has no word for "without rowid": the rows are the tree of their keys, and there is no second one.
            migrationBuilder.Sql("""
                CREATE TABLE "used_codes" (
                    "key" BLOB NOT NULL CONSTRAINT "PK_used_codes" PRIMARY KEY,
                    "grant_id" TEXT NOT NULL
                ) WITHOUT ROWID;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "used_codes");

            migrationBuilder.CreateTable(
                name: "consumed_codes",
                columns: table => new
                {
                    code_hash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false),
                    grant_id = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_consumed_codes", x => x.code_hash);
                });

            migrationBuilder.CreateIndex(
                name: "IX_consumed_codes_expires_at",
                table: "consumed_codes",
                column: "expires_at");
        }
    }
}
