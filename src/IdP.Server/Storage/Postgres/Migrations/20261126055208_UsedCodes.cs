using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace IdP.Server.Storage.Postgres.Migrations
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

            migrationBuilder.CreateTable(
                name: "used_codes",
                columns: table => new
                {
                    key = table.Column<byte[]>(type: "bytea", nullable: false),
                    grant_id = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_used_codes", x => x.key);
                });
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
                    code_hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    expires_at = table.Column<long>(type: "bigint", nullable: false),
                    grant_id = table.Column<string>(type: "text", nullable: false)
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
